/** A ledger as this page has it: the hub's registers with the own outbox laid over. No I/O. */
import type { Json } from "../api.js";
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
import { type Entry, Outbox, rowOf, type Stated } from "./outbox.js";
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
    this.outbox = new Outbox(name, actor);
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

  /** A statement of this device, checked before. */
  enter(id: string, stated: Stated, batch: Batch): void {
    this.outbox.enter(id, stated, batch);
    this.touch([stated[0]]);
  }

  /** Stamps of what waits, in order. */
  stamps(): number[] {
    return this.outbox.all().map(({ stated }) => stated[3]);
  }

  /** Gives what waits, in order, these stamps. */
  restamp(hlcs: readonly number[], batch: Batch): void {
    const changed = this.outbox.all().filter((entry, place) => {
      const hlc = hlcs[place] as number;
      const other = hlc !== entry.stated[3];
      if (other) this.outbox.restamp(entry, hlc, batch);
      return other;
    });
    this.touchOf(changed);
  }

  /** The device's id, so the actor of what waits, has changed. */
  sign(): void {
    this.touch([...this.outbox.items()]);
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
      const { stated } = entry;
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
    const { away } = this;
    this.away = [];
    for (const entry of away) {
      this.outbox.drop(entry, batch);
      batch.answer(entry.id, null);
      const [item, field, value, hlc] = entry.stated;
      // Where the hub relayed its own version of the record, that one stands.
      if (field === ITEM && this.held.get(item)?.has(ITEM)) this.clock.observe(hlc);
      else this.join([item, field, value, hlc, this.actor()]);
    }
    const items = away.map(({ stated }) => stated[0]);
    this.putItems(items, batch);
    this.touch(items);
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
      if (entry.stated[1] !== ITEM) continue;
      for (const other of this.outbox.of(entry.stated[0])) givenUp.add(other);
    }
    this.drop([...givenUp], no.code, no.message, batch);
  }

  giveUp({ code, message }: Refusal, batch: Batch): void {
    this.drop(this.outbox.all(), code, message, batch);
  }

  private drop(entries: readonly Entry[], code: string, message: string, batch: Batch): void {
    for (const entry of entries) {
      const [item, field, value] = entry.stated;
      this.outbox.drop(entry, batch);
      batch.answer(entry.id, { topic: this.name, item, field, value, code, message });
    }
    this.touchOf(entries);
  }

  // ------------------------------------------------------------------ keeping

  adopt(rows: readonly Row[], batch: Batch): void {
    for (const [kind, id, value] of rows) {
      if (kind !== "o" || this.outbox.get(id)) continue;
      const stated = value as Stated;
      this.clock.resume(stated[3]);
      this.enter(id, stated, batch);
    }
  }

  pending(): Row[] {
    return this.outbox
      .all()
      .filter((entry) => !entry.kept)
      .map(rowOf);
  }

  kept(ids: readonly string[]): void {
    for (const id of ids) {
      const entry = this.outbox.get(id);
      if (entry) entry.kept = true;
    }
  }

  rows(): Row[] {
    const registers = [...this.held.keys()].map((item): Row => ["r", item, this.storedRegisters(item)]);
    const kept = this.outbox.all().filter((entry) => entry.kept);
    return [...registers, ...kept.map(rowOf)];
  }

  load(rows: readonly Row[], answered: (ids: readonly string[]) => void): void {
    const before = this.outbox;
    this.outbox = new Outbox(this.name, this.actor);
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
    this.clock.resume(stated[3]);
    if (known) Object.assign(known, { stated, kept: true });
    else this.outbox.add({ id: name, stated, kept: true, away: false });
    return stated[0];
  }

  private removeRow(kind: string, name: string): string {
    if (kind === "r") {
      this.held.delete(name);
      return name;
    }
    const entry = this.outbox.get(name);
    if (entry) this.outbox.forget(entry);
    return entry?.stated[0] ?? "";
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

  private touchOf(entries: readonly Entry[]): void {
    this.touch(entries.map(({ stated }) => stated[0]));
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
