/**
 * Checks of single values, shared by records and fields. Each throws `bad_value` with a sentence that names what is
 * wrong. Lengths of text count code points.
 */

import { Refusal } from "../errors.js";
import { isUnicode, utf8Length } from "../protocol/utf8.js";
import { isName } from "./names.js";

export type Check = (name: string, value: unknown) => void;

const MAX_BODY = 64 * 1024;
const MAX_DEPTH = 16;
// biome-ignore lint/suspicious/noControlCharactersInRegex: what is refused
const CONTROL = /[\x00-\x1f\x7f]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: what is refused
const CONTROL_BUT_BREAKS = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/;

export function badValue(message: string): Refusal {
  return new Refusal("bad_value", message);
}

function checkText(name: string, value: unknown, most: number, least: number): asserts value is string {
  if (typeof value !== "string") throw badValue(`${name} is text`);
  if (!isUnicode(value)) throw badValue(`${name} is not valid Unicode`);
  const short = value.length <= most ? value.length : [...value].length;
  if (value.length < least || short > most) throw badValue(`${name} is ${least} to ${most} characters long`);
}

/** Text for one line. */
export function checkLine(name: string, value: unknown, most: number): void {
  checkText(name, value, most, 1);
  if (CONTROL.test(value)) throw badValue(`${name} holds no control characters`);
}

/** Text of several lines. */
export function checkProse(name: string, value: unknown, most: number): void {
  checkText(name, value, most, 0);
  if (CONTROL_BUT_BREAKS.test(value)) {
    throw badValue(`${name} holds no control characters but tabs and line breaks`);
  }
}

/** Text of 1 to `most` characters that matches `pattern`. */
export function checkPattern(
  name: string,
  value: unknown,
  most: number,
  pattern: RegExp,
  rule: string,
): void {
  checkText(name, value, most, 1);
  if (!pattern.test(value)) throw badValue(`${name} is ${rule}`);
}

export const checkTitle: Check = (name, value) => checkLine(name, value, 500);

export const checkBody: Check = (name, value) => {
  checkProse(name, value, MAX_BODY);
  if (utf8Length(value as string) > MAX_BODY) {
    throw badValue(`${name} is at most ${MAX_BODY} bytes of UTF-8 long`);
  }
};

export const checkBool: Check = (name, value) => {
  if (typeof value !== "boolean") throw badValue(`${name} is true or false`);
};

function isInteger(value: unknown, least: number, most: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
}

export function checkInteger(name: string, value: unknown, most: number, least = 0): void {
  if (!isInteger(value, least, most)) throw badValue(`${name} is an integer from ${least} to ${most}`);
}

export const checkOrder: Check = (name, value) => checkInteger(name, value, Number.MAX_SAFE_INTEGER);

export const checkTime: Check = (name, value) => {
  if (value !== null && !isInteger(value, 0, Number.MAX_SAFE_INTEGER)) {
    throw badValue(`${name} is a time in milliseconds since 1970, or null`);
  }
};

export const checkPriority: Check = (name, value) => {
  if (value !== null && !isInteger(value, 0, 9)) throw badValue(`${name} is an integer from 0 to 9, or null`);
};

export const checkAssignee: Check = (name, value) => {
  if (value !== null && !isName(value)) {
    throw badValue(`${name} is 1 to 64 of A-Z a-z 0-9 _ . ~ @ -, or null`);
  }
};

export const checkFraction: Check = (name, value) => {
  if (!(typeof value === "number" && value >= 0 && value <= 1)) {
    throw badValue(`${name} is a number from 0 to 1`);
  }
};

/** Whether a value is a map of keys to values, as JSON has them; not a Date, a Map, bytes. */
export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return Object.prototype.toString.call(value) === "[object Object]";
}

/** JSON that every language holds alike, at most 16 arrays or maps deep. */
export function checkJson(name: string, value: unknown, depth = MAX_DEPTH): void {
  if (typeof value === "object" && value !== null) {
    checkContainer(name, value, depth);
  } else if (typeof value === "number") {
    if (!Number.isFinite(value)) throw badValue(`${name} holds a number that is not finite`);
    if (Number.isInteger(value)) {
      checkInteger(`an integer in ${name}`, value, Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER);
    }
  } else if (typeof value === "string") {
    if (!isUnicode(value)) throw badValue(`${name} is not valid Unicode`);
  } else if (value !== null && typeof value !== "boolean") {
    throw badValue(`${name} holds something that is not JSON`);
  }
}

function checkContainer(name: string, value: object, depth: number): void {
  if (depth === 0) throw badValue(`${name} is nested more than ${MAX_DEPTH} deep`);
  if (!Array.isArray(value) && !isMap(value)) throw badValue(`${name} holds something that is not JSON`);
  if (!Array.isArray(value)) for (const key of Object.keys(value)) checkJson(name, key);
  for (const each of Array.isArray(value) ? value : Object.values(value)) checkJson(name, each, depth - 1);
}
