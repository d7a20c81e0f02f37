/** The shared vectors of tests/vectors/state, run against this implementation. */

import { describe, expect, it } from "vitest";
import type { Final, Status } from "../../src/api.js";
import { canonical, type JsonMap, sameContent } from "../../src/state/canonical.js";
import { isAhead, lowered, stampAfter } from "../../src/state/clock.js";
import { fits } from "../../src/state/fields.js";
import { topicKind } from "../../src/state/names.js";
import { checkRecord } from "../../src/state/records.js";
import { closedAt } from "../../src/state/retention.js";
import { reopen } from "../../src/state/statuses.js";
import * as cases from "../kit/cases.js";
import { vectors } from "../kit/vectors.js";

describe("each statement outweighs those before it", () => {
  const weights = vectors<{ cases: cases.WeightsCase[] }>("state/weights.json");
  it.each(weights.cases)("$name", cases.checkWeights);
});

describe("registers derive to what is shown and counted", () => {
  const derivation = vectors<{ cases: cases.DerivationCase[] }>("state/derivation.json");
  it.each(derivation.cases)("$name", cases.checkDerivation);
});

interface Clocks {
  readonly stamp: readonly (cases.Named & { now: number; standing: number | null; hlc: number })[];
  readonly ahead: readonly (cases.Named & { now: number; hlc: number; ahead: boolean })[];
  readonly lowered: readonly (cases.Named & { hub_now: number; stamps: number[]; lowered: number[] })[];
  readonly device: readonly (cases.Named & { steps: readonly cases.ClockStep[] })[];
}

describe("clocks", () => {
  const clocks = vectors<Clocks>("state/clock.json");
  it.each(clocks.stamp)("the hub stamps after what stands: $name", ({ now, standing, hlc }) => {
    expect(stampAfter(now, standing)).toBe(hlc);
  });
  it.each(clocks.ahead)("stamps from the future are ahead: $name", ({ now, hlc, ahead }) => {
    expect(isAhead(hlc, now)).toBe(ahead);
  });
  it.each(clocks.lowered)("unsent stamps are lowered in order: $name", (given) => {
    expect(lowered(given.stamps, given.hub_now)).toEqual(given.lowered);
  });
  it.each(clocks.device)("a device's clock goes step by step: $name", ({ steps }) => {
    cases.checkClock(steps);
  });
});

interface Reopening extends cases.Named {
  readonly value: readonly [number, Status];
  readonly hlc: number;
  readonly final: Final | null;
  readonly meant: readonly [number, Status];
}

describe("a status means what the final leaves it", () => {
  const reopening = vectors<{ cases: Reopening[] }>("state/reopen.json");
  it.each(reopening.cases)("$name", ({ value, hlc, final, meant }) => {
    expect(reopen(value, hlc, final)).toEqual(meant);
  });
});

interface Records {
  readonly records: readonly (cases.Named & { record: unknown; saved?: JsonMap; refused?: string })[];
  readonly same: readonly (cases.Named & { one: JsonMap; other: JsonMap; same: boolean })[];
}

describe("records", () => {
  const { records, same } = vectors<Records>("state/records.json");
  it.each(records)("a record is saved or refused: $name", ({ record, saved, refused }) => {
    if (saved) expect(canonical(checkRecord(record))).toBe(canonical(saved));
    else expect(cases.refusalOf(() => checkRecord(record))).toBe(refused);
  });
  it.each(same)("the same content is told from other content: $name", (given) => {
    expect(sameContent(given.one, given.other)).toBe(given.same);
  });
});

interface Statements {
  readonly statements: readonly cases.StatementCase[];
  readonly fits: readonly { field: string; kinds: readonly string[] }[];
  readonly topics: readonly { topic: unknown; kind?: string; name?: string; refused?: string }[];
}

describe("statements", () => {
  const { statements, fits: fitting, topics } = vectors<Statements>("state/statements.json");
  it.each(statements)("a statement is taken or refused: $name", cases.checkStatementCase);
  it.each(fitting)("a field fits some kinds: $field", ({ field, kinds }) => {
    expect((["notification", "task"] as const).filter((kind) => fits(field, kind))).toEqual(kinds);
  });
  it.each(topics)("a topic is taken apart or refused: $topic", ({ topic, kind, name, refused }) => {
    if (refused) expect(cases.refusalOf(() => topicKind(topic))).toBe(refused);
    else expect(topicKind(topic)).toEqual({ kind, name });
  });
});

interface Closing extends cases.Named {
  readonly statements: cases.DerivationCase["statements"];
  readonly closed_at: number | null;
}

describe("an item is closed since the earliest of what closes it", () => {
  const closing = vectors<{ cases: Closing[] }>("state/retention.json");
  it.each(closing.cases)("$name", ({ statements, closed_at }) => {
    const [registers = new Map()] = cases.joined(statements).values();
    expect(closedAt(registers)).toBe(closed_at);
  });
});
