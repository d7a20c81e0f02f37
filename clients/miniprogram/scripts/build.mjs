/**
 * Makes what the mini program loads and the developer tools don't make: the SDK and what it shares with the web inbox, each
 * as one CommonJS file in `miniprogram/vendor`. The tools compile the program's own TypeScript.
 */
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** The oldest language among the phones that have `libVersion` of project.config.json. */
export const TARGET = "es2018";

const ENTRIES = {
  tongbu: here("../../typescript/src/wechat/index.ts"),
  inbox: here("./inbox.ts"),
};

export async function bundleVendor(folder) {
  await build({
    entryPoints: ENTRIES,
    outdir: folder,
    bundle: true,
    minify: true,
    format: "cjs",
    target: TARGET,
    tsconfig: here("../tsconfig.json"),
    logLevel: "warning",
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundleVendor(here("../miniprogram/vendor"));
