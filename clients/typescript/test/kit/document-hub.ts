/** A hub for one document without a wire, and a device that keeps its rows: what the real ones do, step by step. */
import * as Y from "yjs";
import { DocumentTopic } from "../../src/documents/document-topic.js";
import { type Answer, Batch, partsOf, type Row } from "../../src/session/batch.js";
import { DEFAULT_LIMITS, type Limits } from "../../src/session/topic.js";

export class DocumentHub {
  doc = new Y.Doc();
  incarnation = 1;
  seq = 0;

  /** Another history: nothing of the former one is known. */
  replace(): void {
    this.doc = new Y.Doc();
    this.incarnation += 1;
    this.seq = 0;
  }

  /** What the update builds on that is not here; null where it was taken. */
  take(update: Uint8Array): Uint8Array | null {
    const trial = new Y.Doc();
    Y.applyUpdate(trial, Y.encodeStateAsUpdate(this.doc));
    Y.applyUpdate(trial, update);
    if (trial.store.pendingStructs !== null || trial.store.pendingDs !== null)
      return Y.encodeStateVector(this.doc);
    this.doc = trial;
    this.seq += 1;
    return null;
  }
}

let lastId = 0;

export class DocumentDevice {
  topic: DocumentTopic;
  readonly answers: Answer[] = [];
  limits: Limits = DEFAULT_LIMITS;

  /** @param rows what it keeps. */
  constructor(
    readonly hub: DocumentHub,
    readonly rows = new Map<string, unknown>(),
  ) {
    this.topic = this.#loaded();
  }

  get text(): string {
    return this.topic.doc.getText("t").toString();
  }

  write(text: string): void {
    const shared = this.topic.doc.getText("t");
    shared.insert(shared.length, text);
  }

  /** The program ends and begins anew with what is kept. */
  restart(): void {
    this.topic = this.#loaded();
  }

  /** Connects, is brought up to date, says what waits until nothing does, and is gone again. */
  meet(): void {
    this.open();
    for (let rounds = 0; rounds < 100 && (this.push() || this.topic.behind); rounds++) {
      if (this.topic.behind) this.open();
    }
    this.topic.lost();
  }

  open(): void {
    const { hub, topic } = this;
    topic.behind = false;
    const full = topic.incarnation !== hub.incarnation || topic.seq > hub.seq;
    const vector = full ? undefined : topic.stateVector();
    const body =
      hub.seq === 0 || (!full && topic.seq === hub.seq) ? [] : [Y.encodeStateAsUpdate(hub.doc, vector)];
    const { incarnation, seq } = hub;
    this.step((batch) =>
      topic.opened(
        { type: "opened", ref: 1, handle: 1, incarnation, seq, access: "write", full, body, more: false },
        batch,
      ),
    );
  }

  /** One push and its answer; whether there was anything to push. */
  push(): boolean {
    const { topic, hub } = this;
    const update = this.step((batch) => topic.nextPush(this.limits, batch));
    if (update === null) return false;
    const stateVector = hub.take(update as Uint8Array);
    if (stateVector === null) this.step((batch) => topic.acknowledged(hub.seq, batch));
    else this.step((batch) => topic.refused({ code: "gap", message: "a gap", at: null, stateVector }, batch));
    return true;
  }

  relay(update: Uint8Array): void {
    const seq = this.hub.seq;
    this.step((batch) =>
      this.topic.relay({ type: "relay", handle: 1, seq, body: [update], more: false }, batch),
    );
  }

  /** What a step changes is kept at once. */
  step<Value>(run: (batch: Batch) => Value): Value {
    const batch = new Batch();
    const value = run(batch);
    this.keep(batch);
    return value;
  }

  keep(batch: Batch): void {
    for (const [key, row] of batch.puts) this.rows.set(key, row);
    for (const key of batch.removals) this.rows.delete(key);
    this.answers.push(...batch.answers);
    this.topic?.kept([...batch.puts.keys()].map((key) => partsOf(key)[2]));
  }

  kept(kind: string): Row[] {
    const all = [...this.rows].map(([key, value]) => [partsOf(key)[0], partsOf(key)[2], value] as const);
    return all.filter(([each]) => each === kind).sort(([, a], [, b]) => (a < b ? -1 : 1));
  }

  #loaded(): DocumentTopic {
    const topic = new DocumentTopic("doc/d", {
      nextId: () => String(++lastId).padStart(14, "0"),
      said: (batch) => this.keep(batch),
      shelved: () => undefined,
      steppedDown: () => undefined,
    });
    // An application has it open.
    topic.holders = 1;
    topic.load([...this.kept("u"), ...this.kept("e")], () => undefined);
    [topic.incarnation, topic.seq] = (this.rows.get("t doc/d") ?? [0, 0]) as [number, number];
    return topic;
  }
}
