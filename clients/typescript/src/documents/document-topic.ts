/** A document as this page has it: a `Y.Doc`, and edits that the hub does not have yet. No I/O. */
import * as Y from "yjs";
import type { Json, Refused } from "../api.js";
import type { Refusal } from "../errors.js";
import { Batch, type Row } from "../session/batch.js";
import { cell } from "../session/cell.js";
import { HEAD_BYTES, type Limits, type PushRefused, Topic } from "../session/topic.js";
import { together } from "./awareness.js";
import { Edits } from "./edits.js";
import { Saved } from "./saved.js";

/** Who hears of a topic what only its page can do. */
export interface DocumentListener {
  nextId(): string;
  said(batch: Batch): void;
  /** The hub refused what waits while no application has the document: so many edits wait on in the store alone. */
  shelved(topic: DocumentTopic, edits: number): void;
  /** This page leads no more. */
  steppedDown(topic: DocumentTopic): void;
}

/** `doc` is another object: the hub replaced the history, or did not take edits that are only in `former`. */
export interface Reset {
  readonly doc: Y.Doc;
  readonly former: Y.Doc;
}

export class DocumentTopic extends Topic {
  /** Called at each reset; the application's own listeners are told later. */
  readonly resets = new Set<(reset: Reset) => void>();
  /** Edits that the hub has not answered. */
  readonly unsavedEdits = cell(0);
  /** Held to bring to the hub what waits, besides who holds it for an application. */
  errand = false;
  readonly #listener: DocumentListener;
  readonly #edits = new Edits((size) => this.unsavedEdits.set(size));
  readonly #saved: Saved;
  #doc: Y.Doc = new Y.Doc();
  /** What edits of other pages may build on, where the hub replaced the history by one without it. */
  #former: Y.Doc | null = null;
  #loaded = false;
  #gaps = 0;
  /** The update that is on its way. */
  #away: Uint8Array | null = null;

  constructor(name: string, listener: DocumentListener) {
    super(name);
    this.#listener = listener;
    this.#saved = new Saved(name);
    this.#doc.on("update", this.#observed);
  }

  get doc(): Y.Doc {
    return this.#doc;
  }

  // ------------------------------------------------------------------ the Doc

  readonly #observed = (update: Uint8Array, origin: unknown): void => {
    if (origin === this) return;
    const [id, batch] = [this.#listener.nextId(), new Batch()];
    this.#edits.say(id, update);
    batch.put("e", this.name, id, update);
    this.#listener.said(batch);
  };

  #apply(updates: Iterable<Uint8Array>): void {
    for (const update of updates) Y.applyUpdate(this.#doc, update, this);
  }

  /** Another Doc that holds these updates, and the edits that wait laid over; answers with the updates' state vector. */
  #replace(updates: readonly Uint8Array[]): Uint8Array {
    const former = this.#doc;
    former.off("update", this.#observed);
    this.#former = null;
    this.#doc = new Y.Doc();
    this.#apply(updates);
    const vector = Y.encodeStateVector(this.#doc);
    this.#apply(this.#edits.updates());
    this.#doc.on("update", this.#observed);
    for (const each of [...this.resets]) each({ doc: this.#doc, former });
    return vector;
  }

  // ------------------------------------------------------------------ in the page that leads

  override stateVector(): Uint8Array {
    return Y.encodeStateVector(this.#doc);
  }

  override bring(body: readonly unknown[], _: number, full: boolean, replaced: boolean, batch: Batch): void {
    const updates = body.filter((each): each is Uint8Array => each instanceof Uint8Array);
    if (full) this.#saved.clear(batch, replaced);
    for (const update of updates) this.#saved.put(update, batch);
    if (replaced) this.#begin(updates, batch);
    else this.#apply(updates);
    this.#tidy(batch);
  }

  /** Another history. An edit that builds on what only the former one holds brings that with it. */
  #begin(updates: readonly Uint8Array[], batch: Batch): void {
    const former = this.#doc;
    const vector = this.#replace(updates);
    this.#former = former;
    const { pendingStructs, pendingDs } = this.#doc.store;
    if (pendingStructs !== null || pendingDs !== null) this.#fill(vector, batch);
  }

  #tidy(batch: Batch): void {
    if (this.#saved.isLong && this.#edits.size === 0) {
      this.#saved.compact(Y.encodeStateAsUpdate(this.#doc), batch);
    }
  }

  override nextPush(limits: Limits, batch: Batch): Uint8Array | null {
    const room = limits.message - HEAD_BYTES;
    this.#away = this.#edits.send(room);
    if (this.#away === null && this.#edits.size > 0) {
      this.#giveUp("too_big", "The edit is larger than the hub takes.", batch, this.#edits.withFirst());
    }
    return this.#away;
  }

  override settle(_: number, batch: Batch): void {
    for (const [id, rest] of this.#edits.settle()) {
      if (rest !== null) batch.put("e", this.name, id, rest);
      else {
        batch.remove("e", this.name, id);
        batch.answer(id, null);
      }
    }
    if (this.#away !== null) this.#saved.put(this.#away, batch);
    this.#away = this.#former = null;
    this.#gaps = 0;
    this.#tidy(batch);
  }

  override unanswered(): void {
    this.#away = null;
    this.#edits.unanswered();
  }

  /**
   * A gap is filled with all that the hub lacks; any other refusal gives every unsaved edit up. What builds on a refused
   * edit can't be taken either, so `doc` becomes another object, as the hub has it: once the topic is opened again.
   */
  override refused(no: PushRefused, batch: Batch): void {
    this.unanswered();
    if (no.code === "gap" && no.stateVector !== null && this.#gaps === 0) {
      this.#gaps += 1;
      this.#fill(no.stateVector, batch);
    } else this.#giveUp(no.code, no.message, batch);
  }

  /** One edit with all that is not in `vector` stands for those that wait. */
  #fill(vector: Uint8Array, batch: Batch): void {
    if (this.#former !== null) this.#apply([Y.encodeStateAsUpdate(this.#former, vector)]);
    const lacking = Y.encodeStateAsUpdate(this.#doc, vector);
    const ids = this.#edits.ids();
    const last = ids[ids.length - 1] as string;
    for (const id of ids.slice(0, -1)) {
      this.#edits.remove(id);
      batch.remove("e", this.name, id);
      batch.answer(id, last);
    }
    this.#edits.put(last, lacking);
    batch.put("e", this.name, last, lacking);
  }

  override giveUp(refusal: Refusal, batch: Batch): void {
    if (this.#edits.size > 0) this.#giveUp(refusal.code, refusal.message, batch);
  }

  /** Only an application can take its document back: without one nothing that is kept is lost. */
  #giveUp(code: string, message: string, batch: Batch, ids = this.#edits.ids()): void {
    this.#answer(ids, { topic: this.name, item: "", field: "update", value: null, code, message }, batch);
    this.unanswered();
    if (this.holders > Number(this.errand)) this.#startOver(ids, batch);
    else this.#shelve();
  }

  #answer(ids: readonly string[], refused: Refused, batch: Batch): void {
    const [first = "", ...others] = ids;
    for (const id of others) batch.answer(id, first);
    batch.answer(first, refused);
  }

  #shelve(): void {
    const ids = this.#edits.ids();
    for (const id of ids) this.#edits.remove(id);
    this.#listener.shelved(this, ids.length);
  }

  #startOver(ids: readonly string[], batch: Batch): void {
    for (const id of ids) {
      this.#edits.remove(id);
      batch.remove("e", this.name, id);
    }
    this.#saved.clear(batch, true);
    this.#gaps = 0;
    this.#replace([]);
    this.incarnation = 0;
    this.behind = true;
    this.reached(0, batch);
  }

  override adopt(rows: readonly Row[], batch: Batch): void {
    for (const [, id, value] of rows) {
      if (this.#edits.has(id)) continue;
      const update = value as Uint8Array;
      this.#edits.put(id, update);
      this.#apply([update]);
      batch.put("e", this.name, id, update);
    }
  }

  override stepDown(): void {
    this.#listener.steppedDown(this);
  }

  /** Each page shows the state of its own Yjs client id. */
  override shown(states: readonly Json[]): Json {
    return together(states);
  }

  // ------------------------------------------------------------------ in every page

  override waiting(): Iterable<string> {
    return this.#edits.ids();
  }

  override pending(): Row[] {
    return this.#edits.pending();
  }

  override kept(ids: readonly string[]): void {
    this.#edits.keep(ids);
  }

  override rows(): Row[] {
    return [this.#saved.row(Y.encodeStateAsUpdate(this.#doc)), ...this.#edits.onDisk()];
  }

  override load(rows: readonly Row[], answered: (ids: readonly string[]) => void): void {
    const { updates, replaced } = this.#saved.load(rows.filter(([kind]) => kind === "u"));
    const gone = this.#edits.load(rows.filter(([kind]) => kind === "e"));
    if (replaced && this.#loaded) this.#replace(updates);
    else this.#apply([...updates, ...this.#edits.updates()]);
    this.#loaded = true;
    if (gone.length > 0) answered(gone);
  }

  override follow(puts: readonly Row[], removals: readonly (readonly [kind: string, name: string])[]): void {
    for (const [kind, id] of removals) if (kind === "e") this.#edits.remove(id);
    for (const [kind, id, update] of puts) if (kind === "e") this.#edits.put(id, update as Uint8Array);
    const { updates, replaced } = this.#saved.follow(puts.filter(([kind]) => kind === "u"));
    if (replaced) this.#replace(updates);
    else
      this.#apply([...updates, ...puts.filter(([kind]) => kind === "e").map((row) => row[2] as Uint8Array)]);
  }
}
