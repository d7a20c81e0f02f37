/** What single values may be, shared by records and fields. Lengths of text count code points. */

import { Refusal } from "../errors.js";
import { isUnicode, utf8Length } from "../protocol/utf8.js";
import { isName } from "./names.js";

/** What a value may be: docs/protocol.md §5 tells it in words. */
export type Rule = (value: unknown) => boolean;

const MAX_BODY = 64 * 1024;
const MAX_DEPTH = 16;
const CONTROL = "\\0-\\x1f\\x7f";
const CONTROL_BUT_BREAKS = "\\0-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f";

/** Throws `bad_value` with the name of the value. */
export function check(name: string, value: unknown, holds: Rule): void {
  if (!holds(value)) throw new Refusal("bad_value", `${name} can't have this value`);
}

/** An integer that every language holds exactly. */
export function isInteger(value: unknown, least = 0, most = Number.MAX_SAFE_INTEGER): boolean {
  return Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
}

/** So many characters, none of them half of one or in `without`, a part of a character class. */
function textOf(lengths: string, without: string): Rule {
  const shape = new RegExp(`^[^${without}\\ud800-\\udfff]{${lengths}}$`, "u");
  return (value) => typeof value === "string" && shape.test(value);
}

/** Text for one line, not empty. */
export function lineOf(most: number): Rule {
  return textOf(`1,${most}`, CONTROL);
}

/** Text of several lines. */
export function proseOf(most: number): Rule {
  return textOf(`0,${most}`, CONTROL_BUT_BREAKS);
}

/** Whether a value is a map of keys to values, as JSON has them; not a Date, a Map, bytes. */
export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return Object.prototype.toString.call(value) === "[object Object]";
}

/** JSON that every language holds alike, at most `depth` arrays or maps deep. */
export function isJson(value: unknown, depth = MAX_DEPTH): boolean {
  if (value === null || typeof value === "boolean") return true;
  if (typeof value === "string") return isUnicode(value);
  if (typeof value === "number") return Number.isSafeInteger(value) || Math.abs(value % 1) > 0;
  if (depth === 0 || !(Array.isArray(value) || isMap(value))) return false;
  const parts: unknown[] = Array.isArray(value) ? value : Object.entries(value).flat();
  return parts.every((part) => isJson(part, depth - 1));
}

export function orNull(holds: Rule): Rule {
  return (value) => value === null || holds(value);
}

const isBody = proseOf(MAX_BODY);
export const BOOL: Rule = (value) => typeof value === "boolean";
export const TITLE = lineOf(500);
export const BODY: Rule = (value) => isBody(value) && utf8Length(value as string) <= MAX_BODY;
export const TIME = orNull((value) => isInteger(value));
export const PRIORITY = orNull((value) => isInteger(value, 0, 9));
export const ASSIGNEE = orNull(isName);
