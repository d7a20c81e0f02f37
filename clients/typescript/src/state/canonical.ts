/** RFC 8785, the JSON Canonicalization Scheme. ECMAScript writes numbers and strings just as it asks for. */

import type { Json } from "../api.js";

/** The canonical text of a value that `checkJson` takes; its UTF-8 bytes are the canonical form. */
export function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const map = value as { readonly [key: string]: Json };
  const members = Object.keys(map)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(map[key] as Json)}`);
  return `{${members.join(",")}}`;
}
