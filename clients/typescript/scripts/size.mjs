/** Tells what each entry adds to an application, gzipped, and fails where one is larger than allowed. */

import { gzipSync } from "node:zlib";
import { bundled, entries } from "./bundle.mjs";

/** KiB that each entry may have. What holds a device was meant to have 14: docs/decisions/0011-typescript.md tells why not. */
const MOST = { core: 19.5, browser: 24, node: 22.5, wechat: 22.75, hooks: 0.5, documents: 5 };

let tooLarge = 0;
for (const [name, entry] of Object.entries(entries)) {
  const kibibytes = gzipSync(await bundled(entry), { level: 9 }).length / 1024;
  const fits = kibibytes <= MOST[name];
  if (!fits) tooLarge++;
  console.log(`${fits ? "✓" : "✗"} ${name.padEnd(10)} ${kibibytes.toFixed(2)} of ${MOST[name]} KiB gzipped`);
}
if (tooLarge > 0) {
  console.error(`${tooLarge} ${tooLarge === 1 ? "entry is" : "entries are"} larger than allowed.`);
  process.exit(1);
}
