/** Tells what each entry adds to an application, gzipped, and fails where one is larger than promised. */

import { gzipSync } from "node:zlib";
import { bundled, entries } from "./bundle.mjs";

/** KiB of each entry that holds a whole device; documents bring their own CRDT and have no limit of this sort. */
const MOST = { core: 14, browser: 14, node: 14, wechat: 14, hooks: 1 };

let tooLarge = 0;
for (const [name, entry] of Object.entries(entries)) {
  const text = await bundled(entry);
  const kibibytes = gzipSync(text, { level: 9 }).length / 1024;
  const most = MOST[name] ?? Number.POSITIVE_INFINITY;
  const limit = Number.isFinite(most) ? ` of ${most}` : "";
  if (kibibytes > most) tooLarge++;
  console.log(
    `${kibibytes > most ? "✗" : "✓"} ${name.padEnd(10)} ${kibibytes.toFixed(2)}${limit} KiB gzipped`,
  );
}
if (tooLarge > 0) {
  console.error(`${tooLarge} ${tooLarge === 1 ? "entry is" : "entries are"} larger than promised.`);
  process.exit(1);
}
