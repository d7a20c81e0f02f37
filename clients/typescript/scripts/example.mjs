/** Runs one of the examples: `npm run example -- watch`. What it keeps lies in the folder it is called from. */

import { spawn } from "node:child_process";
import { build } from "esbuild";

const [name, ...args] = process.argv.slice(2);
const here = new URL("..", import.meta.url).pathname;
// Beside node_modules, where packages that are left out are found.
const outfile = `${here}node_modules/.cache/examples/${name}.mjs`;
await build({
  entryPoints: [`${here}examples/${name}.ts`],
  outfile,
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20",
  packages: "external",
  alias: Object.fromEntries(
    ["browser", "node", "documents"].map((entry) => [
      `@tongbu/client/${entry}`,
      `${here}src/${entry}/index.ts`,
    ]),
  ),
  logLevel: "error",
});
const cwd = process.env.INIT_CWD ?? process.cwd();
const run = spawn(process.execPath, [outfile, ...args], { stdio: "inherit", cwd });
process.once("SIGINT", () => undefined);
process.once("SIGTERM", () => run.kill("SIGTERM"));
run.once("exit", (code) => process.exit(code ?? 1));
