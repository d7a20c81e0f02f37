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
import { createOutbox, type Entry, type Outbox, rowOf, type Stated } from "./outbox.js";
import { HEAD_BYTES, type Limits, type PushRefused, Topic } from "./topic.js";

/** Called with the items whose registers changed; null for all. */
export type Watch = (items: ReadonlySet<string> | null) => void;

type StoredRegister = readonly [slot: string, value: Json, hlc: number, actor: string];

const NO_REGISTERS: Registers = new Map();

export class LedgerTopic extends Topic {
  /** They hear of every change, whoever made it. */
  readonly watches = new Set<Watch>();
  /** The hub's word. */
  held: LedgerRegisters = new Map();
  outbox: Outbox;
  private away: readonly Entry[] = [];

  constructor(
    name: string,
    readonly clock: HybridClock,
    private readonly actor: () => string,
  ) {
    super(name);
    this.outbox = createOutbox(name, actor);
  }

  // ------------------------------------------------------------------ looking

  /** All that waits. */
  private all(): Entry[] {
    return [...this.outbox.entries.values()];
  }

  /** Every item of which anything is known. */
  items(): Set<string> {
    return new Set([...this.held.keys(), ...this.all().map(itemOf)]);
  }

  /** What stands for one item, own unsent statements included. */
  registers(item: string): Registers {
    return this.outbox.layOver(item, this.held.get(item) ?? NO_REGISTERS);
  }

  /** Whether anything about an item waits for the hub. */
  waitsFor(item: string): boolean {
    return this.outbox.of(item).length > 0;
  }

  override get unsaved(): number {
    return this.outbox.entries.size;
  }

  waiting(): Iterable<string> {
    return this.outbox.entries.keys();
  }

  // ------------------------------------------------------------------ stating

  /** A statement of this device, checked before. */
  enter(id: string, stated: Stated, batch: Batch): void {
    this.outbox.enter(id, stated, batch);
    this.touch([stated[0]]);
  }

  /** Stamps of what waits, in order. */
  stamps(): number[] {
    return this.all().map(({ stated }) => stated[3]);
  }

  /** Gives what waits, in order, these stamps. */
  restamp(hlcs: readonly number[], batch: Batch): void {
    const changed = this.all().filter((entry, place) => {
      const hlc = hlcs[place] as number;
      const other = hlc !== entry.stated[3];
      if (other) this.outbox.restamp(entry, hlc, batch);
      return other;
    });
    this.touchOf(changed);
  }

  /** The device's id, so the actor of what waits, has changed. */
  sign(): void {
    this.touchOf(this.all());
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

  storedRegisters(item: string): StoredRegister[] {
    const registers = this.held.get(item) ?? NO_REGISTERS;
    return [...registers].map(([slot, { value, hlc, actor }]) => [slot, value, hlc, actor]);
  }

  // ------------------------------------------------------------------ pushing

  nextPush(limits: Limits, batch: Batch): PushBody | null {
    const body: Stated[] = [];
    const tooBig: Entry[] = [];
    let size = HEAD_BYTES;
    for (const entry of this.all()) {
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
    }
    this.away = this.all().filter((entry) => entry.away);
    this.drop(tooBig, "too_big", "too big", batch);
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
    this.putItems(away.map(itemOf), batch);
    this.touchOf(away);
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
    this.drop(this.all(), code, message, batch);
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

  pending(): Row[] {
    return this.all()
      .filter(({ kept }) => !kept)
      .map(rowOf);
  }

  kept(ids: readonly string[]): void {
    for (const id of ids) {
      const entry = this.outbox.entries.get(id);
      if (entry) entry.kept = true;
    }
  }

  load(rows: readonly Row[], answered: (ids: readonly string[]) => void): void {
    const before = this.all();
    this.outbox = createOutbox(this.name, this.actor);
    this.held = new Map();
    this.away = [];
    for (const row of rows) this.takeRow(row);
    const gone: string[] = [];
    for (const entry of before) {
      if (this.outbox.entries.has(entry.id)) continue;
      if (entry.kept) gone.push(entry.id);
      else this.outbox.add(entry);
    }
    this.tell(null);
    answered(gone);
  }

  /** One row as the store, or the page that leads, has it; the item it is about. */
  takeRow([kind, name, value]: Row): string {
    if (kind === "r") {
      this.held.set(name, registersOf(value as StoredRegister[], this.clock));
      return name;
    }
    if (kind !== "o") return "";
    const stated = value as Stated;
    const known = this.outbox.entries.get(name);
    this.clock.resume(stated[3]);
    if (known) Object.assign(known, { stated, kept: true });
    else this.outbox.add({ id: name, stated, kept: true, away: false });
    return stated[0];
  }

  /** Items closed before a time (ms) are in the hub's history: they are not held any longer. */
  forgetClosed(before: number, batch: Batch): void {
    const gone: string[] = [];
    for (const [item, registers] of this.held) {
      if ((closedAt(registers) ?? before) >= before || this.waitsFor(item)) continue;
      this.held.delete(item);
      batch.remove("r", this.name, item);
      gone.push(item);
    }
    this.touch(gone);
  }

  private touchOf(entries: readonly Entry[]): void {
    this.touch(entries.map(itemOf));
  }

  touch(items: readonly string[]): void {
    if (items.length > 0) this.tell(new Set(items));
  }

  private tell(items: ReadonlySet<string> | null): void {
    for (const watch of [...this.watches]) watch(items);
  }
}

function itemOf({ stated: [item] }: Entry): string {
  return item;
}

function registersOf(stored: readonly StoredRegister[], clock: HybridClock): Map<string, Register> {
  const registers = new Map<string, Register>();
  for (const [slot, value, hlc, actor] of stored) {
    clock.observe(hlc);
    registers.set(slot, { value, hlc, actor });
  }
  return registers;
}
