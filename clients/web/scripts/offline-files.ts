/** Tells the service worker which files make up this build, and tells how large the first load is. */

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import type { Plugin, Rolldown } from "vite";

/** The entry that becomes `/sw.js`. */
export const WORKER = "sw";

type Bundle = Rolldown.OutputBundle;

const contentOf = (file: Rolldown.OutputAsset | Rolldown.OutputChunk) =>
  file.type === "chunk" ? file.code : file.source;

/** Every file by its address, the worker aside; the page itself is `/`. */
function filesOf(bundle: Bundle, folder: string): Map<string, string | Uint8Array> {
  const files = new Map<string, string | Uint8Array>();
  for (const [name, file] of Object.entries(bundle)) {
    if (name !== `${WORKER}.js`) files.set(name === "index.html" ? "/" : `/${name}`, contentOf(file));
  }
  for (const name of readdirSync(folder)) files.set(`/${name}`, readFileSync(`${folder}/${name}`));
  return new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Names this build by all that is in it. */
function versionOf(files: ReadonlyMap<string, string | Uint8Array>): string {
  const digest = createHash("sha256");
  for (const [address, content] of files) digest.update(address).update("\0").update(content).update("\0");
  return digest.digest("hex").slice(0, 16);
}

/** Gzipped bytes of the scripts that the page loads before it draws anything, one language's words among them. */
function firstLoad(bundle: Bundle): number {
  const chunks = Object.values(bundle).filter((file) => file.type === "chunk");
  const entry = chunks.find((chunk) => chunk.isEntry && chunk.name !== WORKER);
  const names = entry === undefined ? [] : [entry.fileName, ...entry.imports];
  const sizeOf = ({ code }: Rolldown.OutputChunk) => gzipSync(code, { level: 9 }).length;
  const words = chunks.filter(({ name }) => name === "en" || name === "zh").map(sizeOf);
  return chunks
    .filter((chunk) => names.includes(chunk.fileName))
    .reduce((sum, chunk) => sum + sizeOf(chunk), Math.max(0, ...words));
}

/** @param folder what Vite copies as it is. */
export function offlineFiles(folder: string): Plugin {
  return {
    name: "tongbu:offline-files",
    apply: "build",
    enforce: "post",
    generateBundle: {
      order: "post",
      handler(_options, bundle) {
        const worker = bundle[`${WORKER}.js`];
        if (worker?.type !== "chunk") return;
        const files = filesOf(bundle, folder);
        worker.code = worker.code
          .replace("__FILES__", JSON.stringify([...files.keys()]))
          .replace("__VERSION__", JSON.stringify(versionOf(files)));
        this.info(`first load: ${(firstLoad(bundle) / 1024).toFixed(1)} KiB of JavaScript, gzipped`);
      },
    },
  };
}
