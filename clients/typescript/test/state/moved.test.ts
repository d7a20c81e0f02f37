import { expect, it } from "vitest";
import { hlcOf } from "../../src/state/clock.js";
import { derive, flat, readUpto } from "../../src/state/derive.js";
import type { Statement } from "../../src/state/join.js";
import { joined } from "../kit/cases.js";

const begun: Statement[] = [
  ["t", "item", { kind: "task", title: "Backup" }, hlcOf(1_000), "ann"],
  ["t", "progress", [1, 0.5], hlcOf(5_000), "phone"],
];
const shown = (statements: Statement[]) =>
  derive("t", joined(statements).get("t") ?? new Map(), readUpto(), 9_000);

it("tells when progress was last stated of the attempt that stands, and of no other", () => {
  expect(shown(begun)?.task?.movedAt).toBe(5_000);
  expect(shown(begun.slice(0, 1))?.task?.movedAt).toBeNull();
  expect(shown([...begun, ["t", "status", [2, "running"], hlcOf(6_000), "phone"]])?.task?.movedAt).toBeNull();
});

it("leaves that out of what commands and HTTP answer", () => {
  const item = shown(begun);
  expect(item && Object.keys(flat(item))).not.toContain("movedAt");
});
