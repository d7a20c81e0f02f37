/** The fields: on what they are stated, who may state them, and with which values. The table is docs/protocol.md §5. */

import type { Json, Kind } from "../api.js";
import { Refusal } from "../errors.js";
import { EDITED_FIELDS, PERSONAL_FIELDS } from "./field-names.js";
import { isName, type LedgerKind, type Target, targetOf } from "./names.js";
import { checkRecord } from "./records.js";
import { isStatus, MAX_ATTEMPT } from "./statuses.js";
import {
  ASSIGNEE,
  BODY,
  BOOL,
  check,
  isInteger,
  PRIORITY,
  proseOf,
  type Rule,
  TIME,
  TITLE,
} from "./values.js";
import { FINAL, ITEM, READ_UPTO, SENT_PREFIX } from "./weights.js";

const isNote = proseOf(2_000);

/** `[attempt, of, ...]`, with so many values at least and at most. */
function attempted(value: unknown, least: number, most: number): value is readonly unknown[] {
  if (!Array.isArray(value) || value.length < least || value.length > most) return false;
  return isInteger(value[0], 1, MAX_ATTEMPT);
}

function isProgress(value: unknown): boolean {
  if (!attempted(value, 2, 3)) return false;
  const [, fraction, note = ""] = value;
  return typeof fraction === "number" && fraction >= 0 && fraction <= 1 && isNote(note);
}

const PERSONAL: Record<(typeof PERSONAL_FIELDS)[number], Rule> = {
  seen: BOOL,
  read: BOOL,
  archived: BOOL,
  pinned: BOOL,
  snoozed: TIME,
};
const EDITS: Record<(typeof EDITED_FIELDS)[number], Rule> = {
  title: TITLE,
  body: BODY,
  due: TIME,
  priority: PRIORITY,
  assignee: ASSIGNEE,
};

type Rules = Readonly<Record<string, Rule>>;
const ON_ITEMS: Rules = {
  ...PERSONAL,
  ...EDITS,
  deleted: BOOL,
  status: (value) => attempted(value, 2, 2) && isStatus(value[1]),
  progress: isProgress,
  // `checkRecord` says more.
  [ITEM]: () => true,
};
const ON_ALL: Rules = { [READ_UPTO]: (value) => isInteger(value) };

/** Which fields are stated on what. */
const RULES_ON: Readonly<Record<Target, Rules>> = {
  item: ON_ITEMS,
  personal: PERSONAL,
  all: ON_ALL,
  personalAll: ON_ALL,
};
const FIELDS = Object.keys({ ...ON_ITEMS, ...ON_ALL });

const IN_INBOX_ONLY: readonly string[] = [...PERSONAL_FIELDS, READ_UPTO];
const OF_TASKS: readonly string[] = [...EDITED_FIELDS, "status", "progress", FINAL];

/**
 * Check one statement as far as that needs no knowledge of its item. Returns the value to say: a record normalized,
 * every other value as it came. Throws `bad_id`, `bad_field`, `bad_value` or `forbidden`.
 */
export function checkStatement(kind: LedgerKind, statement: readonly unknown[]): Json {
  const [item, field, value, hlc] = statement;
  if (typeof field !== "string" || !FIELDS.includes(field)) throw noField(field);
  const alien = kind === "space" && IN_INBOX_ONLY.includes(field);
  const rule = alien ? undefined : RULES_ON[targetOf(kind, item)][field];
  if (!rule) throw new Refusal("bad_field", `${field} is not stated here`);
  check("hlc", hlc, (stamp) => isInteger(stamp));
  if (field === ITEM) return checkRecord(value);
  check(field, value, rule);
  return value as Json;
}

/** Whether a field can be stated on an item of that kind. */
export function fits(field: string, kind: Kind): boolean {
  return kind === "task" || !OF_TASKS.includes(field);
}

function noField(field: unknown): Refusal {
  const name = String(field);
  const hubs = name === FINAL || (name.startsWith(SENT_PREFIX) && isName(name.slice(SENT_PREFIX.length)));
  return hubs
    ? new Refusal("forbidden", `only the hub states ${name}`)
    : new Refusal("bad_field", `there is no field ${name.slice(0, 40)}`);
}
