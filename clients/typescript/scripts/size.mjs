/** Tells what each entry adds to an application, gzipped, and fails where one is larger than allowed. */

import { gzipSync } from "node:zlib";
import { minify } from "vite";
import { bundled, entries, TARGET } from "./bundle.mjs";

/** KiB that each entry may have. What holds a device was meant to have 14: docs/decisions/0011-typescript.md tells why not. */
const MOST = {
  core: 14.25,
  browser: 21.25,
  node: 19.5,
  wechat: 19.75,
  extras: 14.75,
  hooks: 0.5,
  documents: 6.75,
  webcrypto: 0.5,
};

/** As Vite does it. esbuild gives names that repeat less often, so more is left of the same when it is compressed. */
async function minified(entry) {
  const whole = await bundled(entry, { minify: false });
  const options = { module: true, compress: { target: TARGET }, mangle: { toplevel: true } };
  const { code, errors } = await minify(entry, whole, options);
  if (errors.length > 0) throw new Error(errors[0].message);
  return code;
}

let tooLarge = 0;
for (const [name, entry] of Object.entries(entries)) {
  const kibibytes = gzipSync(await minified(entry), { level: 9 }).length / 1024;
  const fits = kibibytes <= MOST[name];
  if (!fits) tooLarge++;
  console.log(`${fits ? "✓" : "✗"} ${name.padEnd(10)} ${kibibytes.toFixed(2)} of ${MOST[name]} KiB gzipped`);
}
if (tooLarge > 0) {
  console.error(`${tooLarge} ${tooLarge === 1 ? "entry is" : "entries are"} larger than allowed.`);
  process.exit(1);
}
