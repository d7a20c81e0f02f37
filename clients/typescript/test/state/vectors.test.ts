/** The shared vectors of tests/vectors/state, run against this implementation. */

import { describe, expect, it } from "vitest";
import type { Final, Item, Json, Status } from "../../src/api.js";
import { Refusal } from "../../src/errors.js";
import { canonical } from "../../src/state/canonical.js";
import { HybridClock, isAhead, lowered, stampAfter } from "../../src/state/clock.js";
import { countOf, derive, flat, nextChange, readUpto } from "../../src/state/derive.js";
import { checkStatement, fits } from "../../src/state/fields.js";
import { joinInto, type LedgerRegisters, type Statement } from "../../src/state/join.js";
import { ALL, type LedgerKind, personalName, topicKind } from "../../src/state/names.js";
import { checkRecord, type JsonMap, sameContent } from "../../src/state/records.js";
import { reopen } from "../../src/state/statuses.js";
import { compareWeights } from "../../src/state/weights.js";
import { vectors } from "../kit/vectors.js";

interface Named {
  readonly name: string;
}

function joined(statements: readonly Statement[]): LedgerRegisters {
  const ledger: LedgerRegisters = new Map();
  for (const each of statements) joinInto(ledger, each);
  return ledger;
}

function refusalOf(act: () => unknown): string | null {
  try {
    act();
    return null;
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}

interface Weights extends Named {
  readonly field: string;
  readonly ascending: readonly (readonly [Json, number, string])[];
}

describe("each statement outweighs those before it", () => {
  const { cases } = vectors<{ cases: Weights[] }>("state/weights.json");
  it.each(cases)("$name", ({ field, ascending }) => {
    const said = ascending.map(([value, hlc, actor]) => ({ value, hlc, actor }));
    said.forEach((heavier, place) => {
      expect(compareWeights(field, heavier, heavier)).toBe(0);
      for (const lighter of said.slice(0, place)) {
        expect(compareWeights(field, heavier, lighter)).toBeGreaterThan(0);
        expect(compareWeights(field, lighter, heavier)).toBeLessThan(0);
      }
    });
  });
});

interface Derivation extends Named {
  readonly now: number;
  readonly statements: readonly Statement[];
  readonly space?: string;
  readonly personal?: readonly Statement[];
  readonly items: Readonly<Record<string, { shows?: JsonMap; is?: JsonMap; next_change?: number | null }>>;
  readonly absent?: readonly string[];
  readonly counts: JsonMap;
}

function derivedItems({ statements, personal, space, now }: Derivation): Map<string, Item | null> {
  const ledger = joined(statements);
  const own = joined(personal ?? []);
  const uptos = readUpto(space ? own.get(personalName(space, ALL)) : ledger.get(ALL));
  return new Map(
    [...ledger].map(([id, registers]) => {
      const mine = space ? (own.get(personalName(space, id)) ?? new Map()) : null;
      return [id, derive(id, registers, uptos, now, mine)];
    }),
  );
}

function byText(ledger: LedgerRegisters): string {
  return canonical(
    [...ledger]
      .map(([id, slots]) => [id, [...slots].map(([slot, said]) => [slot, { ...said }]).sort()])
      .sort() as Json,
  );
}

describe("registers derive to what is shown and counted", () => {
  const { cases } = vectors<{ cases: Derivation[] }>("state/derivation.json");
  it.each(cases)("$name", (given) => {
    expect(byText(joined([...given.statements].reverse()))).toBe(byText(joined(given.statements)));
    const found = derivedItems(given);
    const items = [...found.values()].filter((item) => item !== null);
    expect(items.map(({ id }) => id).sort()).toEqual(Object.keys(given.items).sort());
    for (const id of given.absent ?? []) expect(found.get(id)).toBeNull();
    for (const item of items) {
      const { is, shows = {}, next_change } = given.items[item.id] ?? {};
      const answer = flat(item);
      if (is) expect(canonical(answer)).toBe(canonical(is));
      const shown = Object.fromEntries(Object.keys(shows).map((key) => [key, answer[key] ?? null]));
      expect(canonical(shown)).toBe(canonical(shows));
      if (next_change !== undefined) expect(nextChange(item)).toBe(next_change);
    }
    const sums = { unread: 0, unseen: 0, open: 0 };
    for (const { unread, unseen, open } of items.map(countOf)) {
      sums.unread += unread;
      sums.unseen += unseen;
      sums.open += open;
    }
    expect(sums).toEqual(given.counts);
  });
});

type Step =
  | { readonly wall: number }
  | { readonly synchronize: number }
  | { readonly observe: number }
  | { readonly tick: number }
  | { readonly lower: readonly number[]; readonly hub_now: number; readonly gives: readonly number[] };

interface Clocks {
  readonly stamp: readonly (Named & { now: number; standing: number | null; hlc: number })[];
  readonly ahead: readonly (Named & { now: number; hlc: number; ahead: boolean })[];
  readonly lowered: readonly (Named & { hub_now: number; stamps: number[]; lowered: number[] })[];
  readonly device: readonly (Named & { steps: readonly Step[] })[];
}

describe("clocks", () => {
  const clocks = vectors<Clocks>("state/clock.json");
  it.each(clocks.stamp)("stamp: $name", ({ now, standing, hlc }) => {
    expect(stampAfter(now, standing)).toBe(hlc);
  });
  it.each(clocks.ahead)("ahead: $name", ({ now, hlc, ahead }) => {
    expect(isAhead(hlc, now)).toBe(ahead);
  });
  it.each(clocks.lowered)("lowered: $name", (given) => {
    expect(lowered(given.stamps, given.hub_now)).toEqual(given.lowered);
  });
  it.each(clocks.device)("device: $name", ({ steps }) => {
    let wall = 0;
    const clock = new HybridClock(() => wall);
    for (const step of steps) {
      if ("wall" in step) wall = step.wall;
      else if ("synchronize" in step) clock.setNow(step.synchronize);
      else if ("observe" in step) clock.observe(step.observe);
      else if ("tick" in step) expect(clock.stamp()).toBe(step.tick);
      else expect(clock.lower(step.lower, step.hub_now)).toEqual(step.gives);
    }
  });
});

interface Reopening extends Named {
  readonly value: readonly [number, Status];
  readonly hlc: number;
  readonly final: Final | null;
  readonly meant: readonly [number, Status];
}

describe("a status means what the final leaves it", () => {
  const { cases } = vectors<{ cases: Reopening[] }>("state/reopen.json");
  it.each(cases)("$name", ({ value, hlc, final, meant }) => {
    expect(reopen(value, hlc, final)).toEqual(meant);
  });
});

interface Records {
  readonly records: readonly (Named & { record: unknown; saved?: JsonMap; refused?: string })[];
  readonly same: readonly (Named & { one: JsonMap; other: JsonMap; same: boolean })[];
}

describe("records", () => {
  const { records, same } = vectors<Records>("state/records.json");
  it.each(records)("a record is saved or refused: $name", ({ record, saved, refused }) => {
    if (saved) expect(canonical(checkRecord(record))).toBe(canonical(saved));
    else expect(refusalOf(() => checkRecord(record))).toBe(refused);
  });
  it.each(same)("the same content is told from other content: $name", (given) => {
    expect(sameContent(given.one, given.other)).toBe(given.same);
  });
});

interface Statements {
  readonly statements: readonly (Named & {
    ledger: LedgerKind;
    statement: readonly unknown[];
    refused: string | null;
  })[];
  readonly fits: readonly { field: string; kinds: readonly string[] }[];
  readonly topics: readonly { topic: unknown; kind?: string; name?: string; refused?: string }[];
}

describe("statements", () => {
  const { statements, fits: fitting, topics } = vectors<Statements>("state/statements.json");
  it.each(statements)("a statement is taken or refused: $name", ({ ledger, statement, refused }) => {
    expect(refusalOf(() => checkStatement(ledger, statement))).toBe(refused);
    if (refused === null) {
      expect(canonical(checkStatement(ledger, statement))).toBe(canonical(statement[2] as Json));
    }
  });
  it.each(fitting)("a field fits some kinds: $field", ({ field, kinds }) => {
    expect((["notification", "task"] as const).filter((kind) => fits(field, kind))).toEqual(kinds);
  });
  it.each(topics)("a topic is taken apart or refused: $topic", ({ topic, kind, name, refused }) => {
    if (refused) expect(refusalOf(() => topicKind(topic))).toBe(refused);
    else expect(topicKind(topic)).toEqual({ kind, name });
  });
});
