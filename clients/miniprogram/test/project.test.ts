/** The folder as the developer tools take it. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, inject, it } from "vitest";

const root = join(import.meta.dirname, "..");
const folder = inject("program");
const json = (path: string): Record<string, unknown> => JSON.parse(readFileSync(path, "utf8"));

const app = json(join(folder, "app.json")) as {
  pages: string[];
  window: Record<string, string>;
  tabBar: Record<string, unknown> & { list: { pagePath: string }[] };
};

it("has all four files of every page, and every component that a page uses", () => {
  for (const page of app.pages) {
    for (const ending of ["js", "json", "wxml", "wxss"])
      expect(existsSync(join(folder, `${page}.${ending}`))).toBe(true);
    const { usingComponents } = json(join(folder, `${page}.json`)) as {
      usingComponents: Record<string, string>;
    };
    for (const path of Object.values(usingComponents))
      expect(existsSync(join(folder, `${path}.js`))).toBe(true);
  }
  for (const { pagePath } of app.tabBar.list) expect(app.pages).toContain(pagePath);
});

it("has every colour that the window names, light and dark", () => {
  const named = [...Object.values(app.window), ...Object.values(app.tabBar)]
    .filter((value): value is string => typeof value === "string" && value.startsWith("@"))
    .map((value) => value.slice(1));
  const { light, dark } = json(join(folder, "theme.json")) as Record<
    "light" | "dark",
    Record<string, string>
  >;
  expect(Object.keys(light).sort()).toEqual([...new Set(named)].sort());
  expect(Object.keys(dark).sort()).toEqual(Object.keys(light).sort());
});

it("is compiled by WeChat's own compiler, the styles too, and uses no colour that is not set", () => {
  const compiler = createRequire(import.meta.url)("miniprogram-compiler") as {
    wxmlToJs(path: string): string;
    wxssToJs(path: string): string;
  };
  for (const page of app.pages) expect(compiler.wxmlToJs(folder)).toContain(`${page}.wxml`);
  expect(compiler.wxssToJs(folder)).toContain("app.wxss");
  const styles = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".wxss"))
    .map((path) => readFileSync(join(folder, path), "utf8"))
    .join("");
  const used = [...styles.matchAll(/var\((--[a-z-]+)\)/g)].map((match) => match[1]);
  for (const name of used) expect(styles.split(`${name}:`)).toHaveLength(3);
});

it("names no account of anybody's, and builds before the tools compile", () => {
  const { appid, miniprogramRoot, scripts } = json(join(root, "project.config.json"));
  expect(appid).toBe("touristappid");
  expect(existsSync(join(root, String(miniprogramRoot), "app.json"))).toBe(true);
  expect(scripts).toMatchObject({ beforeCompile: "npm run build" });
});

it("has an SDK no larger than its page says", () => {
  const page = readFileSync(join(root, "../../docs/miniprogram.md"), "utf8");
  const [, kilobytes] = /under (\d+) KB gzipped/.exec(page) ?? [];
  const sdk = readFileSync(join(folder, "vendor/tongbu.js"));
  expect(gzipSync(sdk).length).toBeLessThan(Number(kilobytes) * 1_000);
});

it("fits into a package of 2 MB many times over", () => {
  const bytes = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + readFileSync(join(parentPath, name)).length, 0);
  expect(bytes).toBeLessThan(256 * 1024);
});
