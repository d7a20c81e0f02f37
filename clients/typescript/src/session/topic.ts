/**
 * One topic as this page has it: what the wire says of it, and what waits to be pushed. No I/O.
 *
 * In the page that leads, the conversation with the hub calls `opened`, `relay` …, and what is to be kept goes into a
 * `Batch`. In every other page rows come from the page that leads (`load`, `follow`), and what is said here goes to it as
 * rows, which it takes in by `adopt`. So a content (a ledger, a document) is written once for both.
 */
import type { Json } from "../api.js";
import type { Refusal } from "../errors.js";
import type { No, Opened, PushBody, Relay } from "../protocol/messages.js";
import type { Batch, Row } from "./batch.js";
import { cell, promised } from "./cell.js";
import { createPresence } from "./presence.js";

export type Access = "write" | "read" | null;

/** Those of the hub that a device heeds: bytes, statements a push, ms. */
export interface Limits {
  readonly message: number;
  readonly statements: number;
  readonly retention: number;
}

export const DEFAULT_LIMITS: Limits = { message: 2 ** 20, statements: 1_000, retention: 90 * 86_400_000 };

/** Bytes of a message, more than enough, beside what it carries. */
export const HEAD_BYTES = 64;

/** Why a push was not taken. */
export type PushRefused = Pick<No, "code" | "message" | "at" | "stateVector">;

export abstract class Topic {
  incarnation = 0;
  seq = 0;
  /** Null unless open on the present connection. */
  handle: number | null = null;
  opening = false;
  pushing = false;
  /** What is on its way goes without the connection, and does not end with it; meanwhile nothing else is said. */
  travelling = false;
  /** It must be opened again: what is here is not what the hub has. */
  behind = false;
  /** How many in this page need it: without any it is closed, once nothing waits in it. */
  holders = 0;
  /** What is kept of it is here, or can't be. What ends all is told by `connection`, too. */
  readonly loading = promised<void>();
  /** Opens and pushes wait until then (monotonic ms); how many tries failed. */
  retryAt = 0;
  tries = 0;
  /** What the hub answered on this connection is here. */
  readonly inSync = cell(false);
  readonly access = cell<Access>(null);
  /** Why it can't be opened. */
  readonly refusal = cell<Refusal | null>(null);
  readonly presence = createPresence();
  /** A message of which not all parts are here. */
  private partial: { readonly message: Opened | Relay; readonly body: unknown[] } | null = null;

  constructor(readonly name: string) {}

  // ------------------------------------------------------------------ the wire

  /** The connection ended, or the right to the topic: what hung on it is void. */
  lost(): void {
    this.handle = this.partial = null;
    this.opening = this.pushing = false;
    this.access.set(null);
    this.inSync.set(false);
    this.presence.lost();
    if (!this.travelling) this.unanswered();
  }

  /** The answer to an open, or (`ref` 0) what changed unasked. */
  opened(message: Opened, batch: Batch): void {
    this.handle = message.handle;
    this.access.set(message.access);
    this.refusal.set(null);
    if (message.ref !== 0) this.opening = false;
    this.begin(message, batch);
  }

  /** What others saved; whether the topic must be opened again, because something is missing. */
  relay(message: Relay, batch: Batch): boolean {
    const { partial } = this;
    if (partial?.message.seq === message.seq) {
      for (const each of message.body) partial.body.push(each);
      if (!message.more) this.took(partial.message, partial.body, batch);
      return false;
    }
    if (this.opening || message.seq < this.seq) return false;
    if (message.seq > this.seq + 1) return true;
    this.begin(message, batch);
    return false;
  }

  /** What was pushed is saved under `seq`. */
  acknowledged(seq: number, batch: Batch): void {
    this.tries = 0;
    const reached = Math.max(this.seq, seq);
    this.settle(reached, batch);
    this.reached(reached, batch);
  }

  private begin(message: Opened | Relay, batch: Batch): void {
    if (message.more) this.partial = { message, body: [...message.body] };
    else this.took(message, message.body, batch);
  }

  private took(message: Opened | Relay, body: readonly unknown[], batch: Batch): void {
    const before = this.incarnation;
    const full = "full" in message && message.full;
    const seq = full ? message.seq : Math.max(this.seq, message.seq);
    this.partial = null;
    if ("full" in message) {
      this.incarnation = message.incarnation;
      this.inSync.set(true);
    }
    this.bring(body, seq, full, full && before !== 0 && before !== this.incarnation, batch);
    this.reached(seq, batch);
  }

  protected reached(seq: number, batch: Batch): void {
    this.seq = seq;
    batch.put("t", this.name, undefined, [this.incarnation, seq]);
  }

  // ------------------------------------------------------------------ content, in the page that leads

  /** Take a body saved under `seq`; `full`: it is everything, `replaced`: another history. */
  abstract bring(body: readonly unknown[], seq: number, full: boolean, replaced: boolean, batch: Batch): void;

  /** What an open tells besides the seq. */
  abstract stateVector(): Uint8Array | null;

  /** The body of the next push, on its way from now on; null for nothing. What can't ever be pushed is refused in the
   * batch. */
  abstract nextPush(limits: Limits, batch: Batch): PushBody | null;

  /** What is on its way was saved. */
  abstract settle(seq: number, batch: Batch): void;

  /** What is on its way is not known to have been taken: it waits again. */
  abstract unanswered(): void;

  /** What is on its way was refused: what is given up for it is answered in the batch. */
  abstract refused(no: PushRefused, batch: Batch): void;

  /** The topic itself was refused: everything that waits is answered in the batch. */
  abstract giveUp(refusal: Refusal, batch: Batch): void;

  /** Of documents, as `Paged` says; of ledgers it is not here, but where pages are. */
  adopt?(rows: readonly Row[], batch: Batch): void;
  rows?(): Row[];
  /** This page leads no more: what held the topic only for that lets it go. */
  stepDown?(): void;
  shown?(states: readonly Json[]): Json;
  follow?(puts: readonly Row[], removals: readonly (readonly [kind: string, name: string])[]): void;

  // ------------------------------------------------------------------ content, in every page

  /** Ids of what waits for the hub, oldest first. */
  abstract waiting(): Iterable<string>;

  /** How many wait. */
  get unsaved(): number {
    return [...this.waiting()].length;
  }

  /** Of what was said here: what is not known to be on this device's disk. */
  abstract pending(): Row[];

  /** These ids are on disk. */
  abstract kept(ids: readonly string[]): void;

  /** This is all there is, besides what is pending here. `answered`: called with what waited and is not there any more. */
  abstract load(rows: readonly Row[], answered: (ids: readonly string[]) => void): void;
}
