/** The cases of tests/vectors/state, and how each is checked. */

import { expect } from "vitest";
import type { Item, Json } from "../../src/api.js";
import { Refusal } from "../../src/errors.js";
import type { JsonMap } from "../../src/state/canonical.js";
import { canonical } from "../../src/state/canonical.js";
import { createClock } from "../../src/state/clock.js";
import { countOf, derive, flat, nextChange, readUpto } from "../../src/state/derive.js";
import { checkStatement } from "../../src/state/fields.js";
import { joinInto, type LedgerRegisters, type Statement } from "../../src/state/join.js";
import { ALL, type LedgerKind, personalName } from "../../src/state/names.js";
import { compareWeights } from "../../src/state/weights.js";

export interface Named {
  readonly name: string;
}

export interface WeightsCase extends Named {
  readonly field: string;
  readonly ascending: readonly (readonly [value: Json, hlc: number, actor: string])[];
}

export interface DerivationCase extends Named {
  readonly now: number;
  readonly statements: readonly Statement[];
  readonly space?: string | null;
  readonly personal?: readonly Statement[];
  readonly items: Readonly<Record<string, ExpectedItem>>;
  readonly absent?: readonly string[];
  readonly counts: JsonMap;
}

interface ExpectedItem {
  readonly shows?: JsonMap;
  readonly is?: JsonMap;
  readonly next_change?: number | null;
  readonly finished_at?: number | null;
}

export type ClockStep =
  | { readonly wall: number }
  | { readonly synchronize: number }
  | { readonly observe: number }
  | { readonly tick: number }
  | { readonly lower: readonly number[]; readonly hub_now: number; readonly gives: readonly number[] };

export interface StatementCase extends Named {
  readonly ledger: LedgerKind;
  readonly statement: readonly unknown[];
  readonly refused: string | null;
}

/** The code of the refusal that `act` ends in; null where it ends well. */
export function refusalOf(act: () => unknown): string | null {
  try {
    act();
    return null;
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}

/** Each statement outweighs those before it. */
export function checkWeights({ field, ascending }: WeightsCase): void {
  const said = ascending.map(([value, hlc, actor]) => ({ value, hlc, actor }));
  said.forEach((heavier, place) => {
    expect(compareWeights(field, heavier, heavier)).toBe(0);
    for (const lighter of said.slice(0, place)) {
      expect(compareWeights(field, heavier, lighter)).toBeGreaterThan(0);
      expect(compareWeights(field, lighter, heavier)).toBeLessThan(0);
    }
  });
}

export function joined(statements: readonly Statement[]): LedgerRegisters {
  const ledger: LedgerRegisters = new Map();
  for (const each of statements) joinInto(ledger, each);
  return ledger;
}

/** Registers as text, whatever order they came in. */
export function textOf(ledger: LedgerRegisters): string {
  const items = [...ledger].map(([id, slots]) => {
    const said = [...slots].map(([slot, register]) => canonical([slot, { ...register }]));
    return canonical([id, said.sort()]);
  });
  return items.sort().join("\n");
}

/** The statements, joined in any order, derive to what is shown and counted. */
export function checkDerivation(given: DerivationCase): void {
  expect(textOf(joined([...given.statements].reverse()))).toBe(textOf(joined(given.statements)));
  const found = derivedItems(given);
  for (const id of given.absent ?? []) expect(found.get(id) ?? null).toBeNull();
  const items = [...found.values()].filter((item) => item !== null);
  expect(items.map(({ id }) => id).sort()).toEqual(Object.keys(given.items).sort());
  for (const item of items) checkItem(item, given.items[item.id] as ExpectedItem);
  expect(countsOf(items)).toEqual(given.counts);
}

function derivedItems({ statements, personal, space, now }: DerivationCase): Map<string, Item | null> {
  const ledger = joined(statements);
  const own = joined(personal ?? []);
  const uptos = readUpto(space ? own.get(personalName(space, ALL)) : ledger.get(ALL));
  const found = [...ledger].map(([id, registers]) => {
    const mine = space ? (own.get(personalName(space, id)) ?? new Map()) : null;
    return [id, derive(id, registers, uptos, now, mine)] as const;
  });
  return new Map(found);
}

function checkItem(item: Item, { is, shows = {}, next_change, finished_at }: ExpectedItem): void {
  const answer = flat(item);
  const shown = Object.fromEntries(Object.keys(shows).map((key) => [key, answer[key] ?? null]));
  expect(canonical(shown)).toBe(canonical(shows));
  if (is !== undefined) expect(canonical(answer)).toBe(canonical(is));
  if (next_change !== undefined) expect(nextChange(item)).toBe(next_change);
  if (finished_at !== undefined) expect(item.task?.finishedAt ?? null).toBe(finished_at);
}

function countsOf(items: readonly Item[]): JsonMap {
  const counts = items.map(countOf);
  const sum = (key: "unread" | "unseen" | "open") => counts.reduce((total, each) => total + each[key], 0);
  return { unread: sum("unread"), unseen: sum("unseen"), open: sum("open") };
}

/** A device's clock gives what each step says. */
export function checkClock(steps: readonly ClockStep[]): void {
  let wall = 0;
  const clock = createClock(() => wall);
  const take = (step: ClockStep): unknown => {
    if ("synchronize" in step) return clock.setNow(step.synchronize);
    if ("observe" in step) return clock.observe(step.observe);
    if ("tick" in step) return expect(clock.stamp()).toBe(step.tick);
    if ("lower" in step) return expect(clock.lower(step.lower, step.hub_now)).toEqual(step.gives);
    wall = step.wall;
    return undefined;
  };
  steps.forEach(take);
}

/** A statement is taken as it is, or refused. */
export function checkStatementCase({ ledger, statement, refused }: StatementCase): void {
  expect(refusalOf(() => checkStatement(ledger, statement))).toBe(refused);
  if (refused !== null) return;
  expect(canonical(checkStatement(ledger, statement))).toBe(canonical(statement[2] as Json));
}
