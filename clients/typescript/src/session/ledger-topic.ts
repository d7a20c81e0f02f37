/** A ledger as this page has it: the hub's registers with the own outbox laid over. No I/O. */
import type { Json, Refused } from "../api.js";
import type { Refusal } from "../errors.js";
import { type PushBody, statementsOf } from "../protocol/messages.js";
import { type Packable, pack } from "../protocol/msgpack.js";
import type { HybridClock } from "../state/clock.js";
import {
  joinInto,
  type LedgerRegisters,
  type Register,
  type Registers,
  type Statement,
} from "../state/join.js";
import { closedAt } from "../state/retention.js";
import { ITEM } from "../state/weights.js";
import type { Batch, Row } from "./batch.js";
import { OutboxFull } from "./errors.js";
import { type Entry, Outbox, rowOf, type Stated, statedOf } from "./outbox.js";
import { HEAD_BYTES, type Limits, type PushRefused, Topic } from "./topic.js";

/** Statements that may wait in one ledger. */
export const MAX_OUTBOX = 100_000;

/** Called with the items whose registers changed; null for all. */
export type Watch = (items: ReadonlySet<string> | null) => void;

type StoredRegister = readonly [slot: string, value: Json, hlc: number, actor: string];

const NO_REGISTERS: Registers = new Map();

export class LedgerTopic extends Topic {
  /** They hear of every change, whoever made it. */
  readonly watches = new Set<Watch>();
  private outbox: Outbox;
  private held: LedgerRegisters = new Map();
  private away: Entry[] = [];

  constructor(
    name: string,
    private readonly clock: HybridClock,
    private readonly actor: () => string,
  ) {
    super(name);
    this.outbox = new Outbox(name);
  }

  // ------------------------------------------------------------------ looking

  /** Every item of which anything is known. */
  items(): Set<string> {
    return new Set([...this.held.keys(), ...this.outbox.items()]);
  }

  /** What stands for one item, own unsent statements included. */
  registers(item: string): Registers {
    return this.outbox.layOver(item, this.held.get(item) ?? NO_REGISTERS);
  }

  /** Whether anything about an item waits for the hub. */
  waitsFor(item: string): boolean {
    return this.outbox.holds(item);
  }

  override get unsaved(): number {
    return this.outbox.size;
  }

  waiting(): Iterable<string> {
    return this.outbox.ids();
  }

  // ------------------------------------------------------------------ stating

  /** Throws `OutboxFull`. */
  checkRoom(statements: number): void {
    if (this.outbox.size + statements > MAX_OUTBOX) throw new OutboxFull();
  }

  /** A statement of this device, checked before. `early`: its stamp is to be made again by `stampEarly`. */
  enter(id: string, stated: Stated, early: boolean, batch: Batch): void {
    this.outbox.enter(this.entryOf(id, stated, { early }), batch);
    this.touch([stated[0]]);
  }

  /** Stamps what was stated before this page knew the device's clock. */
  stampEarly(): void {
    const early = [...this.outbox.all()].filter((entry) => entry.early);
    for (const entry of early) {
      const [item, field, value, , actor] = entry.statement;
      entry.early = false;
      entry.statement = [item, field, value, this.clock.stamp(), actor];
    }
    this.touch(early.map((entry) => entry.statement[0]));
  }

  /** Stamps of what waits, in order. */
  stamps(): number[] {
    return [...this.outbox.all()].map((entry) => entry.statement[3]);
  }

  /** Gives what waits, in order, these stamps. */
  restamp(hlcs: readonly number[], batch: Batch): void {
    const entries = [...this.outbox.all()];
    const changed = entries.filter((entry, place) =>
      this.outbox.restamp(entry, hlcs[place] as number, batch),
    );
    this.touch(changed.map((entry) => entry.statement[0]));
  }

  /** The hub issued the device's id: it is the actor of all that waits. */
  sign(): void {
    for (const entry of this.outbox.all()) {
      const [item, field, value, hlc] = entry.statement;
      entry.statement = [item, field, value, hlc, this.actor()];
    }
    this.touch([...this.outbox.items()]);
  }

  private entryOf(id: string, stated: Stated, flags: Partial<Entry>): Entry {
    const statement: Statement = [...stated, this.actor()];
    return { id, statement, kept: false, away: false, doubted: false, early: false, ...flags };
  }

  // ------------------------------------------------------------------ the hub's word

  stateVector(): null {
    return null;
  }

  bring(body: readonly unknown[], _seq: number, full: boolean, _replaced: boolean, batch: Batch): void {
    const before = full ? [...this.held.keys()] : [];
    if (full) this.held = new Map();
    const touched = new Set(
      statementsOf(body)
        .filter((each) => this.join(each))
        .map(([item]) => item),
    );
    for (const item of before) if (!this.held.has(item)) batch.remove("r", this.name, item);
    this.putItems(touched, batch);
    if (full) this.tell(null);
    else this.touch([...touched]);
  }

  private join(statement: Statement): boolean {
    const [item, field, , hlc] = statement;
    this.clock.observe(hlc);
    // The hub's version of a record replaces the own one, which lacks by, at and order.
    if (field === ITEM) this.held.get(item)?.delete(ITEM);
    return joinInto(this.held, statement);
  }

  private putItems(items: Iterable<string>, batch: Batch): void {
    for (const item of items) batch.put("r", this.name, item, this.storedRegisters(item));
  }

  private storedRegisters(item: string): StoredRegister[] {
    const registers = this.held.get(item) ?? NO_REGISTERS;
    return [...registers].map(([slot, { value, hlc, actor }]) => [slot, value, hlc, actor]);
  }

  // ------------------------------------------------------------------ pushing

  nextPush(limits: Limits, batch: Batch): PushBody | null {
    const body: Stated[] = [];
    const tooBig: Entry[] = [];
    let size = HEAD_BYTES;
    for (const entry of this.outbox.all()) {
      if (!entry.kept || body.length >= limits.statements) break;
      const stated = statedOf(entry.statement);
      const more = pack(stated as Packable).length;
      if (more + HEAD_BYTES > limits.message) {
        tooBig.push(entry);
        continue;
      }
      if (size + more > limits.message) break;
      size += more;
      entry.away = true;
      body.push(stated);
      this.away.push(entry);
    }
    this.drop(tooBig, "too_big", "the statement is larger than the hub takes", batch);
    return body.length > 0 ? body : null;
  }

  settle(_seq: number, batch: Batch): void {
    const items = new Set<string>();
    for (const entry of this.away) {
      this.outbox.drop(entry, batch);
      batch.answer(entry.id, null);
      const [item, field, , hlc] = entry.statement;
      items.add(item);
      // Where the hub relayed its own version of the record, that one stands.
      if (field === ITEM && this.held.get(item)?.has(ITEM)) this.clock.observe(hlc);
      else this.join(entry.statement);
    }
    this.away = [];
    this.putItems(items, batch);
    this.touch([...items]);
  }

  unanswered(): void {
    for (const entry of this.away) entry.away = false;
    this.away = [];
  }

  /** The statement at fault is given up, or all of the push; with an item's record goes what was stated about it. */
  refused(no: PushRefused, batch: Batch): void {
    const pushed = this.away;
    const single = no.at === null ? undefined : pushed[no.at];
    this.unanswered();
    const givenUp = new Set<Entry>();
    for (const entry of single ? [single] : pushed) {
      givenUp.add(entry);
      if (entry.statement[1] !== ITEM) continue;
      for (const other of this.outbox.of(entry.statement[0])) givenUp.add(other);
    }
    this.drop([...givenUp], no.code, no.message, batch);
  }

  /** The hub calls a stamp ahead: whether the clock can be set and the push said again. */
  doubt(): boolean {
    const again = !this.away.some((entry) => entry.doubted);
    for (const entry of this.away) entry.doubted = true;
    return again;
  }

  giveUp(refusal: Refusal, batch: Batch): void {
    this.drop([...this.outbox.all()], refusal.code, refusal.message, batch);
  }

  private drop(entries: readonly Entry[], code: string, message: string, batch: Batch): void {
    for (const entry of entries) {
      const [item, field, value] = entry.statement;
      const refused: Refused = { topic: this.name, item, field, value, code, message };
      this.outbox.drop(entry, batch);
      batch.answer(entry.id, refused);
    }
    this.touch(entries.map((entry) => entry.statement[0]));
  }

  // ------------------------------------------------------------------ keeping

  adopt(rows: readonly Row[], batch: Batch): void {
    for (const [kind, id, value] of rows) {
      if (kind !== "o" || this.outbox.get(id)) continue;
      const stated = value as Stated;
      this.clock.resume(stated[3]);
      this.enter(id, stated, false, batch);
    }
  }

  pending(): Row[] {
    return [...this.outbox.all()].filter((entry) => !entry.kept).map(rowOf);
  }

  kept(ids: readonly string[]): void {
    for (const id of ids) {
      const entry = this.outbox.get(id);
      if (entry) entry.kept = true;
    }
  }

  rows(): Row[] {
    const registers = [...this.held.keys()].map((item): Row => ["r", item, this.storedRegisters(item)]);
    const kept = [...this.outbox.all()].filter((entry) => entry.kept);
    return [...registers, ...kept.map(rowOf)];
  }

  load(rows: readonly Row[], answered: (ids: readonly string[]) => void): void {
    const before = this.outbox;
    this.outbox = new Outbox(this.name);
    this.held = new Map();
    this.away = [];
    for (const row of rows) this.takeRow(row);
    const gone: string[] = [];
    for (const entry of before.all()) {
      if (this.outbox.get(entry.id)) continue;
      if (entry.kept) gone.push(entry.id);
      else this.outbox.add(entry);
    }
    this.tell(null);
    answered(gone);
  }

  follow(puts: readonly Row[], removals: readonly (readonly [kind: string, name: string])[]): void {
    const touched = puts.map((row) => this.takeRow(row));
    for (const [kind, name] of removals) touched.push(this.removeRow(kind, name));
    this.touch(touched.filter((item) => item !== ""));
  }

  /** One row as the store, or the page that leads, has it; the item it is about. */
  private takeRow([kind, name, value]: Row): string {
    if (kind === "r") {
      this.held.set(name, registersOf(value as StoredRegister[], this.clock));
      return name;
    }
    if (kind !== "o") return "";
    const stated = value as Stated;
    const known = this.outbox.get(name);
    const entry = this.entryOf(name, stated, { kept: true });
    this.clock.resume(stated[3]);
    if (known) Object.assign(known, { statement: entry.statement, kept: true });
    else this.outbox.add(entry);
    return stated[0];
  }

  private removeRow(kind: string, name: string): string {
    if (kind === "r") {
      this.held.delete(name);
      return name;
    }
    const entry = this.outbox.get(name);
    if (entry) this.outbox.forget(entry);
    return entry?.statement[0] ?? "";
  }

  /** Items closed before a time (ms) are in the hub's history: they are not held any longer. */
  forgetClosed(before: number, batch: Batch): void {
    const gone = [...this.held].filter(([item, registers]) => {
      const closed = closedAt(registers);
      return closed !== null && closed < before && !this.outbox.holds(item);
    });
    for (const [item] of gone) {
      this.held.delete(item);
      batch.remove("r", this.name, item);
    }
    this.touch(gone.map(([item]) => item));
  }

  private touch(items: readonly string[]): void {
    if (items.length > 0) this.tell(new Set(items));
  }

  private tell(items: ReadonlySet<string> | null): void {
    for (const watch of [...this.watches]) watch(items);
  }
}

function registersOf(stored: readonly StoredRegister[], clock: HybridClock): Map<string, Register> {
  const registers = new Map<string, Register>();
  for (const [slot, value, hlc, actor] of stored) {
    clock.observe(hlc);
    registers.set(slot, { value, hlc, actor });
  }
  return registers;
}
