/**
 * What an application sees of Tongbu. Types alone: read this first. Times are milliseconds since 1970.
 *
 * Everything here works without a hub that answers: statements take effect at once, wait in the outbox, and are said
 * when the hub can be reached. "Statement", "item", "topic" and the names of fields mean what docs/protocol.md says.
 */

import type { TongbuError } from "./errors.js";

/** A value that can be looked at and followed. The value is replaced, never changed, so `===` tells a change. */
export interface Readable<Value> {
  get(): Value;
  /** Calls after each change, not at once. Returns how to stop; stopping twice is harmless. */
  subscribe(listener: (value: Value) => void): () => void;
}

export type Kind = "notification" | "task";
export type Level = "debug" | "info" | "success" | "warning" | "error" | "critical";
export type Status =
  | "queued"
  | "running"
  | "paused"
  | "input_required"
  | "succeeded"
  | "failed"
  | "canceled"
  | "expired";
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Under which status the hub sealed an attempt; `event` is the id of the event that leaves for the channels. */
export interface Final {
  readonly attempt: number;
  readonly status: Status;
  readonly at: number;
  readonly event: string;
  readonly hlc: number;
}

/** How far one channel has come with an item. `state` as in `GET /v1/deliveries`. */
export interface Receipt {
  readonly state: string;
  readonly at: number;
  readonly ref?: string;
}

/** Where what this device stated about an item stands: only here, on the hub's disk, taken by every channel it left by. */
export type Durability = "local" | "saved" | "forwarded";

/** One notification or task as it stands: the record with its edits, and what is derived. Never changed, replaced. */
export interface Item {
  readonly id: string;
  readonly kind: Kind;
  readonly title: string;
  readonly body?: string;
  readonly level?: Level;
  readonly class?: string;
  readonly source?: string;
  readonly tags?: readonly string[];
  readonly link?: string;
  readonly data?: Json;
  /** Who created it, when, and its place; null until the hub has saved it. */
  readonly by: string | null;
  readonly at: number | null;
  readonly order: number | null;
  readonly read: boolean;
  readonly seen: boolean;
  readonly archived: boolean;
  readonly pinned: boolean;
  readonly deleted: boolean;
  /** Until when it is hidden; null once that is over. */
  readonly snoozed: number | null;
  readonly sent: Readonly<Record<string, Receipt>>;
  readonly durability: Durability;
  /** Of tasks; null for notifications. */
  readonly task: TaskState | null;
}

export interface TaskState {
  readonly attempt: number;
  readonly status: Status;
  /** 0 to 1, of this attempt. */
  readonly progress: number;
  readonly note: string | null;
  /** When progress or note were last stated (ms); null where nothing of this attempt was. */
  readonly movedAt: number | null;
  readonly due: number | null;
  readonly priority: number | null;
  readonly assignee: string | null;
  /** When the attempt ended; null while it has not. */
  readonly finishedAt: number | null;
  readonly final: Final | null;
}

export interface Counts {
  readonly unread: number;
  readonly unseen: number;
  readonly open: number;
}

/** What a device may state of any item. `snoozed`: until when, null ends it. */
export interface Marks {
  readonly seen?: boolean;
  readonly read?: boolean;
  readonly archived?: boolean;
  readonly pinned?: boolean;
  readonly deleted?: boolean;
  readonly snoozed?: number | null;
}

/** Edits of a task, over its record. */
export interface Edits {
  readonly title?: string;
  readonly body?: string;
  readonly due?: number | null;
  readonly priority?: number | null;
  readonly assignee?: string | null;
}

export interface NewTask {
  readonly id?: string;
  readonly title: string;
  readonly body?: string;
  readonly level?: Level;
  readonly class?: string;
  readonly source?: string;
  readonly tags?: readonly string[];
  readonly link?: string;
  readonly data?: Json;
}

/** One thing said. It took effect here already. */
export interface Change {
  /** Becomes `saved` with the hub's `ok`, `forwarded` once every channel that took the item's event has sent it. */
  readonly durability: Readable<Durability | "refused">;
  /** Settles when the hub has saved it; rejects with a `RefusedStatement` where the hub won't take it. */
  readonly saved: Promise<void>;
}

/** What the hub did not take. The statement is gone from the outbox; what it changed here is undone. */
export interface Refused {
  readonly topic: string;
  readonly item: string;
  readonly field: string;
  readonly value: Json;
  readonly code: string;
  readonly message: string;
}

/** What changed in a ledger: items by id, or everything. */
export type Changed = ReadonlySet<string> | "all";

/** A ledger as this device sees it: the own inbox, or a space. */
export interface Ledger {
  readonly topic: string;
  /** Resolves once what the store holds is here (also without a hub), which may be nothing. */
  readonly loaded: Promise<void>;
  /** Whether the hub has brought this ledger up to date on this connection. */
  readonly inSync: Readable<boolean>;
  readonly access: Readable<"write" | "read" | null>;
  /** Why the hub does not let this user open it; null where it does, or has not said. */
  readonly refusal: Readable<TongbuError | null>;
  readonly counts: Readable<Counts>;
  /** All that are not deleted, newest first, what the hub has not saved yet before all. Made when asked for. */
  readonly items: Readable<readonly Item[]>;
  /** One item, deleted or not; null where nothing is known of it. Costs the same however many there are. */
  get(id: string): Item | null;
  /** Follow what changes at a cost that does not grow with the ledger. */
  watch(listener: (changed: Changed) => void): () => void;
  mark(id: string, marks: Marks): Change;
  /** Every notification here is read: one statement, which can't swallow what has not arrived. */
  readAll(): Change;
  edit(id: string, edits: Edits): Change;
  /** A to-do: a task that is queued. */
  create(task: NewTask): { readonly item: Item; readonly change: Change };
  /** A task that runs from now on. With the `id` of one that ended: its next attempt. */
  start(task: NewTask): Task;
  task(id: string): Task;
  /** Others who have this ledger open, by connection; what they said of themselves. */
  readonly presence: Readable<ReadonlyMap<string, Present>>;
  /** Say something passing about this connection; null takes it back. */
  setPresence(state: Json): void;
  close(): void;
}

export interface Present {
  readonly device: string;
  readonly user: string;
  readonly state: Json;
}

/** One task to report on or to steer. Each statement is about the attempt that stands when it is made. */
export interface Task {
  readonly id: string;
  readonly item: Readable<Item | null>;
  progress(value: number, note?: string): Change;
  setStatus(status: Status): Change;
  pause(): Change;
  resume(): Change;
  cancel(): Change;
  finish(note?: string): Change;
  fail(note?: string): Change;
  /** Another attempt of one that ended. */
  retry(): Change;
}

export type Connection =
  /** Nothing tried yet, or another tab holds the connection and has not said how it is. */
  | { readonly state: "starting" }
  | { readonly state: "connecting" }
  | { readonly state: "online" }
  /** Not there; tried again at `retryAt` (ms). `reason` is for people. */
  | { readonly state: "waiting"; readonly retryAt: number; readonly reason: string }
  /** Won't be tried again by itself: another token, or a right, is needed. */
  | { readonly state: "refused"; readonly code: string; readonly message: string }
  | { readonly state: "closed" };

/** One device of one user. */
export interface Hub {
  /** Known from the store or since the first `welcome`; null before. */
  readonly user: Readable<string | null>;
  readonly device: Readable<string | null>;
  readonly connection: Readable<Connection>;
  /** Statements and document updates that the hub has not answered. 0: all of it is saved. */
  readonly unsaved: Readable<number>;
  /** Why this device keeps nothing any more (its storage is full, or refuses); null while it does. Everything goes on, and
   * what is said reaches the hub, but what is unsaved when the page ends is lost. */
  readonly storeFailure: Readable<string | null>;
  /** The hub's wall clock as this device reckons it. */
  now(): number;
  inbox(): Ledger;
  space(name: string): Ledger;
  /** Run a command of docs/protocol.md §7 now; rejects with `NotConnected` or `Refusal`. Not kept in the outbox. */
  command(name: string, params: { readonly [key: string]: Json }): Promise<Json>;
  /** An HTTP request with this device's token, for what has no message on the wire. */
  request(
    method: string,
    path: string,
    body?: Json,
  ): Promise<{ readonly status: number; readonly body: Json }>;
  /** Try to connect at once rather than at `retryAt`: the page became visible, the network came back. */
  wake(): void;
  /** True once everything said so far is answered; false where `timeout` (ms) ended first, or the hub refuses to be
   * connected to, or was closed. */
  flush(timeout?: number): Promise<boolean>;
  onRefused(listener: (refused: Refused) => void): () => void;
  /** Ends the connection and closes the store. What is unsaved stays in the store. */
  close(): Promise<void>;
  /** Ends the connection and forgets everything this device holds, the unsaved included. */
  forget(): Promise<void>;
}

export interface HubOptions {
  /** `https://…` or `http://…` of the hub. */
  readonly url: string;
  /** A token, or what gives one: asked before each runs out, and when the hub no longer takes it. Absent where the
   * store holds one from a link code. */
  readonly token?: string | (() => Promise<string>);
  /** A code from a signed-in device (`POST /v1/devices/link`) in place of a token. Claimed once; the token it gives is
   * kept in the store and renewed by itself. */
  readonly linkCode?: string;
  /**
   * Somebody signs in here now: come as a new device, whatever id is kept. What waits is said by that one. Until the hub
   * welcomes it the former stays in the store. For a sign-in form alone, after the hub refused (`forbidden`) the device that
   * was kept here: an application that always gives it brings a revoked device back.
   */
  readonly newDevice?: boolean;
  readonly deviceName?: string;
  readonly platform?: string;
  /** Name of what is kept on this device; by default the hub's address. A store belongs to one user: where several use one
   * device, give each their own. */
  readonly store?: string;
}
