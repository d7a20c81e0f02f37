/** The fields: on what they are stated, who may state them, and with which values. The table is docs/protocol.md §5. */

import type { Json, Kind } from "../api.js";
import { Refusal } from "../errors.js";
import { MAX_HLC } from "./clock.js";
import { isName, type LedgerKind, type Target, targetOf } from "./names.js";
import { checkRecord } from "./records.js";
import { isStatus, MAX_ATTEMPT } from "./statuses.js";
import {
  badValue,
  type Check,
  checkAssignee,
  checkBody,
  checkBool,
  checkFraction,
  checkInteger,
  checkOrder,
  checkPriority,
  checkProse,
  checkTime,
  checkTitle,
} from "./values.js";
import { FINAL, SENT_PREFIX } from "./weights.js";

/** A task's edits, laid over its record. */
export const EDIT_FIELDS = ["title", "body", "due", "priority", "assignee"] as const;

/** What is personal about a shared item, and stated in the reader's own inbox. */
export const PERSONAL_FIELDS = ["seen", "read", "archived", "pinned", "snoozed"] as const;

const TASK_FIELDS: readonly string[] = [...EDIT_FIELDS, "status", "progress", FINAL];

const checkStatus: Check = (name, value) => {
  if (!Array.isArray(value) || value.length !== 2) throw badValue(`${name} is [attempt, status]`);
  checkInteger("an attempt", value[0], MAX_ATTEMPT, 1);
  if (!isStatus(value[1])) throw badValue(`there is no such ${name}`);
};

const checkProgress: Check = (name, value) => {
  if (!Array.isArray(value) || value.length < 2 || value.length > 3) {
    throw badValue(`${name} is [attempt, progress, note?]`);
  }
  checkInteger("an attempt", value[0], MAX_ATTEMPT, 1);
  checkFraction(name, value[1]);
  if (value.length === 3) checkProse("a note", value[2], 2_000);
};

const PERSONAL: Readonly<Record<(typeof PERSONAL_FIELDS)[number], Check>> = {
  seen: checkBool,
  read: checkBool,
  archived: checkBool,
  pinned: checkBool,
  snoozed: checkTime,
};
const SHARED: Readonly<Record<string, Check>> = {
  deleted: checkBool,
  title: checkTitle,
  body: checkBody,
  due: checkTime,
  priority: checkPriority,
  assignee: checkAssignee,
  status: checkStatus,
  progress: checkProgress,
  item: checkRecord,
};
const EVERY: Readonly<Record<string, Check>> = { read_upto: checkOrder };

/** Which fields are stated on what. */
const FIELDS_ON: Readonly<Record<Target, Readonly<Record<string, Check>>>> = {
  item: { ...PERSONAL, ...SHARED },
  personal: PERSONAL,
  all: EVERY,
  personalAll: EVERY,
};
const FIELDS: Readonly<Record<string, Check>> = { ...PERSONAL, ...SHARED, ...EVERY };
const IN_INBOX_ONLY: readonly string[] = [...PERSONAL_FIELDS, "read_upto"];

/**
 * Check one statement as far as that needs no knowledge of its item. Returns the value to say: a record normalized,
 * every other value as it came. Throws `bad_id`, `bad_field`, `bad_value` or `forbidden`.
 */
export function checkStatement(kind: LedgerKind, statement: readonly unknown[]): Json {
  const [item, field, value, hlc] = statement;
  if (typeof field !== "string" || !Object.keys(FIELDS).includes(field)) throw noField(field);
  if (kind === "space" && IN_INBOX_ONLY.includes(field)) {
    throw new Refusal("bad_field", `${field} is not stated in a space`);
  }
  const target = targetOf(kind, item);
  const check = FIELDS_ON[target][field];
  if (!check) throw new Refusal("bad_field", `${field} is not stated on ${item}`);
  checkInteger("hlc", hlc, MAX_HLC);
  if (field === "item") return checkRecord(value);
  check(field, value);
  return value as Json;
}

/** Whether a field can be stated on an item of that kind. */
export function fits(field: string, kind: Kind): boolean {
  return kind === "task" || !TASK_FIELDS.includes(field);
}

function noField(field: unknown): Refusal {
  const hubs =
    field === FINAL ||
    (typeof field === "string" && field.startsWith(SENT_PREFIX) && isName(field.slice(SENT_PREFIX.length)));
  return hubs
    ? new Refusal("forbidden", `${field} is stated by the hub alone`)
    : new Refusal("bad_field", `there is no field ${JSON.stringify(field)?.slice(0, 40)}`);
}
