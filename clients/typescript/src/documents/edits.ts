import * as Y from "yjs";
import type { Row } from "../session/batch.js";
import { buildingOnFirst, splitUpdate } from "./split.js";

/** Edits that one push merges. */
const MOST_MERGED = 1_000;

/** A document's edits that the hub has not answered, oldest first. */
export class Edits {
  readonly #updates = new Map<string, Uint8Array>();
  /** Of those said in this page: not known to be on disk. */
  readonly #pending = new Set<string>();
  /** Edits as they left: another may stand under the same id by the time of the answer. */
  #away: (readonly [id: string, update: Uint8Array])[] = [];
  /** Of the one edit that is on its way in parts: what goes later. */
  #rest: Uint8Array | null = null;

  /** @param counted called with how many there are, whenever that changed. */
  constructor(private readonly counted: (size: number) => void) {}

  get size(): number {
    return this.#updates.size;
  }

  ids(): string[] {
    return [...this.#updates.keys()];
  }

  updates(): Uint8Array[] {
    return [...this.#updates.values()];
  }

  has(id: string): boolean {
    return this.#updates.has(id);
  }

  /** Said in this page. */
  say(id: string, update: Uint8Array): void {
    this.#updates.set(id, update);
    this.#pending.add(id);
    this.counted(this.size);
  }

  /** Known from the store or another page. */
  put(id: string, update: Uint8Array): void {
    this.#updates.set(id, update);
    this.#pending.delete(id);
    this.counted(this.size);
  }

  remove(id: string): void {
    this.#updates.delete(id);
    this.#pending.delete(id);
    this.counted(this.size);
  }

  clear(): void {
    this.#updates.clear();
    this.#pending.clear();
    this.unanswered();
    this.counted(0);
  }

  keep(ids: readonly string[]): void {
    for (const id of ids) this.#pending.delete(id);
  }

  pending(): Row[] {
    return this.#rows((id) => this.#pending.has(id));
  }

  onDisk(): Row[] {
    return this.#rows((id) => !this.#pending.has(id));
  }

  /** These are all there are, besides what is pending; answers with those that waited and are not there any more. */
  load(rows: readonly Row[]): string[] {
    const before = this.ids();
    const pending = this.pending();
    this.#updates.clear();
    this.counted(0);
    for (const [, id, update] of rows) this.put(id, update as Uint8Array);
    for (const [, id, update] of pending) if (!this.has(id)) this.say(id, update as Uint8Array);
    return before.filter((id) => !this.has(id));
  }

  /** As many as go into `room` bytes, merged, or a part of the first, on their way from now on; null for none. */
  send(room: number): Uint8Array | null {
    let size = 0;
    for (const edit of this.#updates) {
      size += edit[1].length;
      if (size > room || this.#away.length === MOST_MERGED) break;
      this.#away.push(edit);
    }
    const [first] = this.#updates;
    if (this.#away.length === 0 && first !== undefined) return this.#sendPart(first, room);
    const updates = this.#away.map(([, update]) => update);
    return updates.length > 1 ? Y.mergeUpdates(updates) : (updates[0] ?? null);
  }

  #sendPart([id, update]: readonly [string, Uint8Array], room: number): Uint8Array | null {
    const split = splitUpdate(update, room);
    if (split === null) return null;
    this.#away = [[id, update]];
    this.#rest = split.rest;
    return split.part;
  }

  /** What is on its way was taken: which that was, with what is left of it. What stands for it by now still waits. */
  settle(): (readonly [id: string, rest: Uint8Array | null])[] {
    const ids = this.#away.filter(([id, update]) => this.#updates.get(id) === update).map(([id]) => id);
    const rest = this.#rest;
    for (const id of ids) if (rest === null) this.remove(id);
    for (const id of ids) if (rest !== null) this.put(id, rest);
    this.unanswered();
    return ids.map((id) => [id, rest]);
  }

  /** What is on its way waits again. */
  unanswered(): void {
    this.#away = [];
    this.#rest = null;
  }

  /** The first and all that builds on it. */
  withFirst(): string[] {
    return buildingOnFirst([...this.#updates]);
  }

  #rows(which: (id: string) => boolean): Row[] {
    return [...this.#updates].filter(([id]) => which(id)).map(([id, update]) => ["e", id, update]);
  }
}
