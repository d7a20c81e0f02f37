/**
 * An item's record: what its creator writes, once. `{kind, title, body?, level?, class?, source?, tags?, link?, data?}`;
 * the hub adds `by`, `at` and `order`.
 */

import type { Json } from "../api.js";
import { Refusal } from "../errors.js";
import { utf8Length } from "../protocol/utf8.js";
import { canonical } from "./canonical.js";
import {
  badValue,
  type Check,
  checkBody,
  checkJson,
  checkLine,
  checkPattern,
  checkTitle,
  isMap,
} from "./values.js";

export type JsonMap = { readonly [key: string]: Json };

/** What the hub adds to a record. */
const HUB_KEYS = ["by", "at", "order"];
const MAX_RECORD = 128 * 1024;
const MAX_TAGS = 32;
// biome-ignore lint/suspicious/noControlCharactersInRegex: what no link holds
const LINK = /^https?:\/\/[^\x00-\x20\x7f"<>\\/?#][^\x00-\x20\x7f"<>\\]*$/i;

function oneOf(...choices: string[]): Check {
  return (name, value) => {
    if (!choices.includes(value as string)) throw badValue(`${name} is one of ${choices.join(", ")}`);
  };
}

const checkTags: Check = (name, value) => {
  if (!Array.isArray(value) || value.length > MAX_TAGS) {
    throw badValue(`${name} is a list of at most ${MAX_TAGS} tags`);
  }
  for (const tag of value) checkLine("a tag", tag, 64);
};

const CHECKS: Readonly<Record<string, Check>> = {
  kind: oneOf("notification", "task"),
  title: checkTitle,
  body: checkBody,
  level: oneOf("debug", "info", "success", "warning", "error", "critical"),
  class: oneOf("general", "important", "core"),
  source: (name, value) => checkLine(name, value, 200),
  tags: checkTags,
  link: (name, value) => checkPattern(name, value, 2_048, LINK, "an http or https URL"),
  data: checkJson,
};
const KEYS = Object.keys(CHECKS);

/**
 * The record as it is saved: known keys only, in their order, without what is null or undefined, and nothing shared with
 * the one that was given. Throws `bad_field` or `bad_value`.
 */
export function checkRecord(value: unknown): JsonMap {
  if (!isMap(value)) throw badValue("an item's record is an object");
  for (const key of Object.keys(value)) {
    if (HUB_KEYS.includes(key)) throw new Refusal("bad_field", `${key} is written by the hub`);
    if (!KEYS.includes(key)) {
      throw new Refusal("bad_field", `a record has no key ${JSON.stringify(key).slice(0, 40)}`);
    }
  }
  const known = KEYS.filter((key) => key === "kind" || key === "title" || (value[key] ?? null) !== null);
  for (const key of known) CHECKS[key]?.(key, value[key]);
  const text = JSON.stringify(Object.fromEntries(known.map((key) => [key, value[key]])));
  if (utf8Length(text) > MAX_RECORD)
    throw badValue(`an item's record is at most ${MAX_RECORD} bytes of JSON`);
  return JSON.parse(text) as JsonMap;
}

/** Whether two records say the same, whoever wrote them and when. */
export function sameContent(one: JsonMap, other: JsonMap): boolean {
  return canonical(content(one)) === canonical(content(other));
}

function content(record: JsonMap): JsonMap {
  return Object.fromEntries(Object.entries(record).filter(([key]) => !HUB_KEYS.includes(key)));
}
