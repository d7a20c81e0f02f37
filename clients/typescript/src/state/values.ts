/** What single values may be, shared by records and fields. Lengths of text count code points. */

import { Refusal } from "../errors.js";
import { isUnicode, utf8Length } from "../protocol/utf8.js";
import { isName } from "./names.js";

/** What a value may be, and how that is told to people. */
export type Rule = readonly [holds: (value: unknown) => boolean, told: string];

const MAX_BODY = 64 * 1024;
const MAX_DEPTH = 16;
// biome-ignore lint/suspicious/noControlCharactersInRegex: what is refused
const CONTROL = /[\x00-\x1f\x7f]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: what is refused
const CONTROL_BUT_BREAKS = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/;

/** Throws `bad_value` with a sentence that names the value and the rule. */
export function check(name: string, value: unknown, [holds, told]: Rule): void {
  if (!holds(value)) throw new Refusal("bad_value", `${name} is ${told}`);
}

/** An integer that every language holds exactly. */
export function isInteger(value: unknown, least = 0, most = Number.MAX_SAFE_INTEGER): boolean {
  return Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
}

function isText(value: unknown, least: number, most: number, without: RegExp): value is string {
  if (typeof value !== "string" || !isUnicode(value) || without.test(value)) return false;
  return value.length >= least && (value.length <= most || [...value].length <= most);
}

/** Text for one line, not empty. */
export function isLine(value: unknown, most: number): value is string {
  return isText(value, 1, most, CONTROL);
}

/** Text of several lines. */
export function isProse(value: unknown, most: number): value is string {
  return isText(value, 0, most, CONTROL_BUT_BREAKS);
}

/** Whether a value is a map of keys to values, as JSON has them; not a Date, a Map, bytes. */
export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return Object.prototype.toString.call(value) === "[object Object]";
}

/** JSON that every language holds alike, at most `depth` arrays or maps deep. */
export function isJson(value: unknown, depth = MAX_DEPTH): boolean {
  if (typeof value === "string") return isUnicode(value);
  if (typeof value === "number")
    return Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value);
  if (value === null || typeof value === "boolean") return true;
  if (depth === 0) return false;
  if (Array.isArray(value)) return value.every((each) => isJson(each, depth - 1));
  return (
    isMap(value) && Object.entries(value).every(([key, each]) => isUnicode(key) && isJson(each, depth - 1))
  );
}

function orNull(holds: (value: unknown) => boolean, told: string): Rule {
  return [(value) => value === null || holds(value), `${told}, or null`];
}

export const BOOL: Rule = [(value) => typeof value === "boolean", "true or false"];
export const TITLE: Rule = [(value) => isLine(value, 500), "1 to 500 characters without control characters"];
export const BODY: Rule = [
  (value) => isProse(value, MAX_BODY) && utf8Length(value) <= MAX_BODY,
  `at most ${MAX_BODY} bytes of UTF-8, without control characters but tabs and line breaks`,
];
export const TIME = orNull(isInteger, "a time in milliseconds since 1970");
export const PRIORITY = orNull((value) => isInteger(value, 0, 9), "an integer from 0 to 9");
export const ASSIGNEE = orNull(isName, "1 to 64 of A-Z a-z 0-9 _ . ~ @ -");
export const UNSIGNED: Rule = [(value) => isInteger(value), "an integer from 0 to 2^53 - 1"];
