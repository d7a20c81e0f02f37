/** The Python of this repository, where it is installed. */

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const python = `${root}.venv/bin/python`;

/** Whether there is one. */
export const hasPython = existsSync(python);

/** What a script of this repository prints. */
export function printedBy(script: string, ...args: string[]): string {
  const run = spawnSync(python, [root + script, ...args], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
    env: { ...process.env, PYTHONPATH: root },
  });
  if (run.status !== 0) throw new Error(`${script} failed: ${run.stderr}`);
  return run.stdout;
}
