/**
 * An item's record: what its creator writes, once. `{kind, title, body?, level?, class?, source?, tags?, link?, data?}`;
 * the hub adds `by`, `at` and `order`.
 */

import { Refusal } from "../errors.js";
import { utf8Length } from "../protocol/utf8.js";
import type { JsonMap } from "./canonical.js";
import { BODY, check, isJson, isMap, lineOf, type Rule, TITLE } from "./values.js";

const MAX_RECORD = 128 * 1024;
const MAX_TAGS = 32;
const LINK = /^https?:\/\/[^ "<>\\/?#][^ "<>\\]*$/i;

function oneOf(...choices: unknown[]): Rule {
  return (value) => choices.includes(value);
}

const isTag = lineOf(64);
const isLink = lineOf(2_048);
const RULES: Readonly<Record<string, Rule>> = {
  kind: oneOf("notification", "task"),
  title: TITLE,
  body: BODY,
  level: oneOf("debug", "info", "success", "warning", "error", "critical"),
  class: oneOf("general", "important", "core"),
  source: lineOf(200),
  tags: (value) => Array.isArray(value) && value.length <= MAX_TAGS && value.every(isTag),
  link: (value) => isLink(value) && LINK.test(value as string),
  data: (value) => isJson(value),
};
const KEYS = Object.keys(RULES);

/**
 * The record as it is saved: known keys only, in their order, without what is null or undefined, and nothing shared with
 * the one that was given. Throws `bad_field` or `bad_value`.
 */
export function checkRecord(value: unknown): JsonMap {
  check("a record", value, isMap);
  const given = value as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(given).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) throw new Refusal("bad_field", `a record has no ${unknown.slice(0, 40)}`);
  const known = KEYS.filter((key) => key === "kind" || key === "title" || (given[key] ?? null) !== null);
  for (const key of known) check(key, given[key], RULES[key] as Rule);
  const text = JSON.stringify(Object.fromEntries(known.map((key) => [key, given[key]])));
  check("a record", text, (json) => utf8Length(json as string) <= MAX_RECORD);
  return JSON.parse(text) as JsonMap;
}
