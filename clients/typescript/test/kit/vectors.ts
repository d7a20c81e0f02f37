import { readFileSync } from "node:fs";

const folder = new URL("../../../../tests/vectors/", import.meta.url);

/** The lists of one file of `tests/vectors`. The cases are as the file has them. */
export function vectors<Lists>(file: string): Lists {
  return JSON.parse(readFileSync(new URL(file, folder), "utf8")) as Lists;
}
