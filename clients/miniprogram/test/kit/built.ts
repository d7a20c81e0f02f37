/** The program as the developer tools load it: its TypeScript as CommonJS, the bundles beside it. Made once for all tests. */
import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import type { TestProject } from "vitest/node";
import { bundleVendor, TARGET } from "../../scripts/build.mjs";

declare module "vitest" {
  export interface ProvidedContext {
    /** The folder of the built program. */
    program: string;
  }
}

const SOURCES = join(import.meta.dirname, "../../miniprogram");

export default async function setup({ provide }: TestProject): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), "tongbu-program-"));
  cpSync(SOURCES, folder, {
    recursive: true,
    filter: (path) => !path.endsWith(".ts") && !path.endsWith(".js"),
  });
  const scripts = readdirSync(SOURCES, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts") && !path.endsWith(".d.ts"))
    .map((path) => join(SOURCES, path));
  await build({ entryPoints: scripts, outbase: SOURCES, outdir: folder, format: "cjs", target: TARGET });
  await bundleVendor(join(folder, "vendor"));
  provide("program", folder);
  return () => rmSync(folder, { recursive: true });
}
