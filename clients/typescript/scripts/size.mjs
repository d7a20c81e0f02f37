/**
 * Tells what each entry adds to an application, gzipped, and fails where one is larger than allowed. `device`: what the core
 * adds to an application that uses all of it (`application.ts`); `createHub`: it alone; `core`: all that its entry exports.
 */

import { gzipSync } from "node:zlib";
import { minify } from "vite";
import { bundled, entries, TARGET } from "./bundle.mjs";

/** KiB that each may have: docs/decisions/0011-typescript.md. */
const MOST = {
  device: 14,
  createHub: 14,
  core: 14.15,
  browser: 21.15,
  node: 19.4,
  wechat: 19.6,
  extras: 14.5,
  hooks: 0.3,
  documents: 6.8,
  webcrypto: 0.3,
};

/** As Vite does it. esbuild gives names that repeat less often, so more is left of the same when it is compressed. */
async function minified(whole) {
  const options = { module: true, compress: { target: TARGET }, mangle: { toplevel: true } };
  const { code, errors } = await minify("whole.js", whole, options);
  if (errors.length > 0) throw new Error(errors[0].message);
  return gzipSync(code, { level: 9 }).length;
}

async function sizeOf(entry, options) {
  return minified(await bundled(entry, { minify: false, ...options }));
}

async function addedToApplication() {
  const application = "../scripts/application.ts";
  return (await sizeOf(application)) - (await sizeOf(application, { without: ["../src/*"] }));
}

const sizes = [
  ["device", await addedToApplication()],
  ["createHub", await sizeOf("session/hub.ts")],
];
for (const [name, entry] of Object.entries(entries)) sizes.push([name, await sizeOf(entry)]);
const tooLarge = sizes.filter(([name, bytes]) => bytes > MOST[name] * 1024);
for (const [name, bytes] of sizes) {
  const mark = bytes > MOST[name] * 1024 ? "✗" : "✓";
  console.log(`${mark} ${name.padEnd(10)} ${(bytes / 1024).toFixed(2)} of ${MOST[name]} KiB gzipped`);
}
if (tooLarge.length > 0) {
  console.error(`Larger than allowed: ${tooLarge.map(([name]) => name).join(", ")}.`);
  process.exit(1);
}
