/** The package as it is published: its entries, and what they bring along. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { entries } from "../../scripts/bundle.mjs";

const HERE = new URL("../../", import.meta.url).pathname;
const PACKAGE = JSON.parse(readFileSync(`${HERE}package.json`, "utf8")) as {
  readonly exports: Readonly<Record<string, { readonly types: string; readonly default: string }>>;
  readonly dependencies?: object;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional: boolean }>>;
};

/** What each source file imports, types aside. */
const IMPORTS = readdirSync(`${HERE}src`, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => {
    const text = readFileSync(`${HERE}src/${file}`, "utf8");
    const found = [...text.matchAll(/^(?:import|export)\s(?!type\s)[^;]*?from "([^"]+)";/gms)];
    return { file, imported: found.map(([, from]) => from as string) };
  });

describe("the package", () => {
  it("has an entry for each source that is one, with its types", () => {
    const built = Object.values(entries).map((entry) => `./dist/${entry.replace(/\.ts$/, "")}`);
    expect(Object.values(PACKAGE.exports).map((each) => each.default)).toEqual(
      built.map((each) => `${each}.js`),
    );
    expect(Object.values(PACKAGE.exports).map((each) => each.types)).toEqual(
      built.map((each) => `${each}.d.ts`),
    );
    for (const entry of Object.values(entries)) expect(existsSync(`${HERE}src/${entry}`)).toBe(true);
  });

  it("depends on nothing, and on Yjs only who wants documents", () => {
    expect(PACKAGE.dependencies).toBeUndefined();
    for (const name of Object.keys(PACKAGE.peerDependencies)) {
      expect(PACKAGE.peerDependenciesMeta[name]).toEqual({ optional: true });
    }
    for (const { file, imported } of IMPORTS) {
      const packages = imported.filter((from) => !from.startsWith("."));
      const allowed = file.startsWith("documents/") ? /^(yjs|y-protocols\/|lib0\/)/ : /^node:/;
      const elsewhere = packages.filter((from) => !allowed.test(from) || !/^(documents|node)\//.test(file));
      expect(elsewhere, file).toEqual([]);
    }
  });

  it("names files as Node and browsers need them, with their ending", () => {
    for (const { file, imported } of IMPORTS) {
      const relative = imported.filter((from) => from.startsWith("."));
      expect(
        relative.filter((from) => !from.endsWith(".js")),
        file,
      ).toEqual([]);
    }
  });
});
