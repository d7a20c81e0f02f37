/**
 * An item's record: what its creator writes, once. `{kind, title, body?, level?, class?, source?, tags?, link?, data?}`;
 * the hub adds `by`, `at` and `order`.
 */

import type { Json } from "../api.js";
import { Refusal } from "../errors.js";
import { utf8Length } from "../protocol/utf8.js";
import { canonical } from "./canonical.js";
import { BODY, check, isJson, isLine, isMap, type Rule, TITLE } from "./values.js";

export type JsonMap = { readonly [key: string]: Json };

/** What the hub adds to a record. */
const HUB_KEYS = ["by", "at", "order"];
const MAX_RECORD = 128 * 1024;
const MAX_TAGS = 32;
const LINK = /^https?:\/\/[^ "<>\\/?#][^ "<>\\]*$/i;

function oneOf(...choices: string[]): Rule {
  return [(value) => choices.includes(value as string), `one of ${choices.join(", ")}`];
}

const RULES: Readonly<Record<string, Rule>> = {
  kind: oneOf("notification", "task"),
  title: TITLE,
  body: BODY,
  level: oneOf("debug", "info", "success", "warning", "error", "critical"),
  class: oneOf("general", "important", "core"),
  source: [(value) => isLine(value, 200), "1 to 200 characters without control characters"],
  tags: [
    (value) => Array.isArray(value) && value.length <= MAX_TAGS && value.every((tag) => isLine(tag, 64)),
    `at most ${MAX_TAGS} of 1 to 64 characters without control characters`,
  ],
  link: [
    (value) => isLine(value, 2_048) && LINK.test(value),
    "an http or https URL of at most 2048 characters",
  ],
  data: [isJson, "JSON, nested at most 16 deep"],
};
const KEYS = Object.keys(RULES);

/**
 * The record as it is saved: known keys only, in their order, without what is null or undefined, and nothing shared with
 * the one that was given. Throws `bad_field` or `bad_value`.
 */
export function checkRecord(value: unknown): JsonMap {
  check("an item's record", value, [isMap, "an object"]);
  const given = value as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(given).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) {
    throw new Refusal(
      "bad_field",
      `a record that is stated has no key ${JSON.stringify(unknown).slice(0, 40)}`,
    );
  }
  const known = KEYS.filter((key) => key === "kind" || key === "title" || (given[key] ?? null) !== null);
  for (const key of known) check(key, given[key], RULES[key] as Rule);
  const text = JSON.stringify(Object.fromEntries(known.map((key) => [key, given[key]])));
  check("an item's record", text, [
    (json) => utf8Length(json as string) <= MAX_RECORD,
    "at most 128 KiB of JSON",
  ]);
  return JSON.parse(text) as JsonMap;
}

/** Whether two records say the same, whoever wrote them and when. */
export function sameContent(one: JsonMap, other: JsonMap): boolean {
  return canonical(content(one)) === canonical(content(other));
}

function content(record: JsonMap): JsonMap {
  return Object.fromEntries(Object.entries(record).filter(([key]) => !HUB_KEYS.includes(key)));
}
