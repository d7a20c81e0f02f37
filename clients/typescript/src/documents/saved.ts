import type { Batch, Row } from "../session/batch.js";

/** Of Yjs v1: no structs, no deletes. */
const EMPTY_UPDATE = Uint8Array.of(0, 0);
/** Rows of one document in the store before one stands for all. */
const MOST_ROWS = 500;
/** Digits of a row's name, so that names are in the order of numbers. */
const DIGITS = 12;

/**
 * The rows (`u`) of a document as the hub has it: `[generation, update]`. The generation counts how often the document
 * became another one here, so that every page makes another `Doc` for rows of a later one.
 */
export class Saved {
  #names: string[] = [];
  #next = 1;
  #generation = 0;

  constructor(private readonly topic: string) {}

  /** Whether one row should stand for all. */
  get isLong(): boolean {
    return this.#names.length > MOST_ROWS;
  }

  put(update: Uint8Array, batch: Batch): void {
    const name = String(this.#next++).padStart(DIGITS, "0");
    this.#names.push(name);
    batch.put("u", this.topic, name, [this.#generation, update]);
  }

  /** Nothing that was holds any more; `replaced`: it is another document from now on. */
  clear(batch: Batch, replaced: boolean): void {
    for (const name of this.#names) batch.remove("u", this.topic, name);
    this.#names = [];
    if (!replaced) return;
    this.#generation += 1;
    this.put(EMPTY_UPDATE, batch);
  }

  /** This update stands for all. */
  compact(update: Uint8Array, batch: Batch): void {
    this.clear(batch, false);
    this.put(update, batch);
  }

  /** One row with everything, for another page. */
  row(update: Uint8Array): Row {
    return ["u", "0".padStart(DIGITS, "0"), [this.#generation, update]];
  }

  /** These rows are all; `replaced`: of another document than the one before. */
  load(rows: readonly Row[]): { updates: Uint8Array[]; replaced: boolean } {
    this.#names = rows.map(([, name]) => name);
    this.#next = Math.max(0, ...this.#names.map(Number)) + 1;
    return this.follow(rows);
  }

  /** These rows came; `replaced`: of another document than the one before. */
  follow(rows: readonly Row[]): { updates: Uint8Array[]; replaced: boolean } {
    const told = rows.map((row) => row[2] as readonly [number, Uint8Array]);
    const latest = Math.max(this.#generation, ...told.map(([generation]) => generation));
    const replaced = latest !== this.#generation;
    this.#generation = latest;
    const updates = told.filter(([generation]) => generation === latest).map(([, update]) => update);
    return { updates, replaced };
  }
}
