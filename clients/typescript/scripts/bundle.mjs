/** How an application's bundler sees this package: minified ES2020, with what it brings itself left out. */

import { build } from "esbuild";

export const TARGET = "es2020";

/** The entries by the names applications import them by. */
export const entries = {
  core: "index.ts",
  browser: "browser/index.ts",
  node: "node/index.ts",
  wechat: "wechat/index.ts",
  extras: "extras/index.ts",
  hooks: "hooks/index.ts",
  documents: "documents/index.ts",
  webcrypto: "wechat/webcrypto.ts",
};

/** One entry of `src` as a module, minified unless told otherwise. `format` `iife` names what it exports `Tongbu`. */
export async function bundled(entry, { format = "esm", minify = true, without = [] } = {}) {
  const { outputFiles } = await build({
    entryPoints: [new URL(`../src/${entry}`, import.meta.url).pathname],
    bundle: true,
    minify,
    write: false,
    target: TARGET,
    format,
    platform: "neutral",
    external: ["yjs", "lib0/*", "y-protocols/*", "ws", "node:*", ...without],
    ...(format === "iife" && { globalName: "Tongbu" }),
  });
  return outputFiles[0].text;
}
