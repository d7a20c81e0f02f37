/** RFC 8785, the JSON Canonicalization Scheme. ECMAScript writes numbers and strings just as it asks for. */

import type { Json } from "../api.js";

export type JsonMap = { readonly [key: string]: Json };

/** What the hub adds to a record. */
const HUB_KEYS = ["by", "at", "order"];

/** The canonical text of a value that `checkJson` takes; its UTF-8 bytes are the canonical form. */
export function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const map = value as JsonMap;
  const members = Object.keys(map)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(map[key] as Json)}`);
  return `{${members.join(",")}}`;
}

/** Whether two records say the same, whoever wrote them and when. */
export function sameContent(one: JsonMap, other: JsonMap): boolean {
  return content(one) === content(other);
}

function content(record: JsonMap): string {
  return canonical(Object.fromEntries(Object.entries(record).filter(([key]) => !HUB_KEYS.includes(key))));
}
