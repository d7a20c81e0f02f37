/** Random cases that Python derived are derived the same here. Without Python this is skipped. */

import { describe, expect, it } from "vitest";
import { lowered } from "../../src/state/clock.js";
import { closedAt } from "../../src/state/retention.js";
import * as cases from "../kit/cases.js";
import { hasPython, printedBy } from "../kit/python.js";

const COUNT = Number(process.env.TONGBU_CASES ?? 400);

interface Fuzz {
  readonly weights: readonly cases.WeightsCase[];
  readonly derivation: readonly cases.DerivationCase[];
  readonly statements: readonly cases.StatementCase[];
  readonly lowered: readonly { stamps: number[]; hub_now: number; lowered: number[] }[];
  readonly retention: readonly {
    statements: cases.DerivationCase["statements"];
    closed_at: number | null;
  }[];
}

/** Runs a check over cases; what fails is told with the case's name, which holds the seed. */
function each<Case>(found: readonly Case[], check: (one: Case) => void): void {
  expect(found).toHaveLength(COUNT);
  for (const one of found) {
    try {
      check(one);
    } catch (error) {
      throw new Error(`${JSON.stringify(one)}\n${error}`);
    }
  }
}

describe.skipIf(!hasPython)("what Python makes of random statements is made of them here", () => {
  const seed = process.env.TONGBU_SEED ?? String(Date.now() % 2 ** 31);
  const fuzz = (hasPython ? JSON.parse(printedBy("tests/vectors/fuzz.py", seed, String(COUNT))) : {}) as Fuzz;

  it("each statement outweighs those before it", () => each(fuzz.weights, cases.checkWeights));
  it("registers derive to what is shown and counted", () => each(fuzz.derivation, cases.checkDerivation));
  it("statements are taken or refused", () => each(fuzz.statements, cases.checkStatementCase));
  it("unsent stamps are lowered", () => {
    each(fuzz.lowered, (one) => expect(lowered(one.stamps, one.hub_now)).toEqual(one.lowered));
  });
  it("items are closed", () => {
    each(fuzz.retention, ({ statements, closed_at }) => {
      const [registers = new Map()] = cases.joined(statements).values();
      expect(closedAt(registers)).toBe(closed_at);
    });
  });
});
