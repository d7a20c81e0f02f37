/** Joining: the heavier statement stands, in whatever order and however often statements come. */

import type { Json } from "../api.js";
import { compareWeights, type Said, slotOf } from "./weights.js";

/** One actor's word on one field of one item, as the hub relays it. */
export type Statement = readonly [item: string, field: string, value: Json, hlc: number, actor: string];

/** Where the heaviest statement of a slot stands. */
export type Register = Said;

/** Of one item, by slot. */
export type Registers = ReadonlyMap<string, Register>;

/** Of many items of one topic. */
export type LedgerRegisters = Map<string, Map<string, Register>>;

/** Join one statement into one item's registers in place; whether it stands now. */
export function joinOne(registers: Map<string, Register>, field: string, said: Said): boolean {
  const slot = slotOf(field, said.actor);
  const standing = registers.get(slot);
  if (standing && compareWeights(field, said, standing) <= 0) return false;
  registers.set(slot, { value: said.value, hlc: said.hlc, actor: said.actor });
  return true;
}

/** Join one statement into a ledger's registers in place; whether it stands now. */
export function joinInto(ledger: LedgerRegisters, statement: Statement): boolean {
  const [item, field, value, hlc, actor] = statement;
  let registers = ledger.get(item);
  if (!registers) {
    registers = new Map();
    ledger.set(item, registers);
  }
  return joinOne(registers, field, { value, hlc, actor });
}
