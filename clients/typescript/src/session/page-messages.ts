/**
 * What the pages of one device say to each other. One leads: it alone holds the connection and the store. The others follow:
 * they hold the rows of the topics they show, and what they say goes to the page that leads.
 *
 * A follower asks for a topic (`want`) and gets all its rows once (`rows`), then what changes (`changed`), each as the store
 * got it. What it says (`said`) it says again to each new leader until it has seen it come back as kept.
 */
import type { Connection, Json, Present } from "../api.js";
import { Refusal } from "../errors.js";
import type { Tabs } from "../ports.js";
import { type Answer, partsOf, type Row } from "./batch.js";
import type { Asked } from "./extra.js";
import type { Access, Topic } from "./topic.js";

/** Of what is said; a page of another version is not heard. */
const VERSION = 1;

export type KeyedRow = readonly [key: string, value: unknown];

/** What the page that leads knows of the conversation with the hub. */
export interface Status {
  readonly user: string | null;
  readonly id: string | null;
  readonly connection: Connection;
  readonly unsaved: number;
  readonly storeFailure: string | null;
  readonly unopened: readonly (readonly [topic: string, waiting: number])[];
  /** The hub's time minus the machine's, and the latest stamp. */
  readonly offset: number;
  readonly last: number;
}

/** What it knows of one topic's. */
export interface Wire {
  readonly inSync: boolean;
  readonly access: Access;
  readonly refusal: { readonly code: string; readonly message: string } | null;
  readonly others: readonly (readonly [string, Present])[];
}

export type Answering =
  | { readonly value: unknown }
  | { readonly error: { readonly code: string; readonly message: string } };

export type FromFollower =
  | { readonly kind: "hi" }
  | { readonly kind: "bye" }
  | { readonly kind: "forget" }
  | { readonly kind: "want"; readonly topic: string }
  | { readonly kind: "leadFor"; readonly topic: string }
  | { readonly kind: "leave"; readonly topic: string }
  | { readonly kind: "said"; readonly rows: readonly KeyedRow[] }
  | { readonly kind: "presence"; readonly topic: string; readonly state: Json }
  | { readonly kind: "ask"; readonly id: number; readonly asked: Asked }
  | { readonly kind: "wake"; readonly byHand: boolean; readonly anew?: boolean };

export type FromLeader =
  | { readonly kind: "lead"; readonly status: Status }
  /** It will lead, once it has read its store. */
  | { readonly kind: "starting" }
  | { readonly kind: "status"; readonly status: Status }
  | {
      readonly kind: "rows";
      readonly to: string;
      readonly topic: string;
      readonly rows: readonly Row[];
      readonly wire: Wire;
    }
  | { readonly kind: "wire"; readonly topic: string; readonly wire: Wire }
  | {
      readonly kind: "changed";
      readonly puts: readonly KeyedRow[];
      readonly removals: readonly string[];
      readonly answers: readonly Answer[];
    }
  | { readonly kind: "answer"; readonly to: string; readonly id: number; readonly answer: Answering }
  | { readonly kind: "forgotten" };

export type Said = { readonly from: string } & (FromFollower | FromLeader);

/** What is done about each kind of message; others are passed over. */
export type Handlers = {
  readonly [Kind in Said["kind"]]?: (message: Extract<Said, { readonly kind: Kind }>) => void;
};

export function handle(handlers: Handlers, message: Said): void {
  (handlers[message.kind] as ((message: Said) => void) | undefined)?.(message);
}

/** How one page is heard by the others. */
export interface Pages {
  post(message: FromFollower | FromLeader): void;
  listen(listener: (message: Said) => void): () => void;
}

export function pagesOn(tabs: Tabs, page: string): Pages {
  return {
    post: (message) => tabs.post({ v: VERSION, from: page, ...message }),
    listen: (listener) =>
      tabs.listen((message) => {
        const said = message as { readonly v?: unknown; readonly to?: string } & Said;
        if (said?.v === VERSION && said.from !== page && (said.to ?? page) === page) listener(said);
      }),
  };
}

export function wireOf(topic: Topic): Wire {
  const refusal = topic.refusal.get();
  return {
    inSync: topic.inSync.get(),
    access: topic.access.get(),
    refusal: refusal === null ? null : { code: refusal.code, message: refusal.message },
    others: [...topic.presence.others.get()],
  };
}

export function setWire(topic: Topic, { inSync, access, refusal, others }: Wire): void {
  topic.inSync.set(inSync);
  topic.access.set(access);
  topic.refusal.set(refusal === null ? null : new Refusal(refusal.code, refusal.message));
  topic.presence.others.set(new Map(others));
}

/** Rows by their topic, in order. */
export function byTopic(rows: readonly KeyedRow[]): Map<string, Row[]> {
  const found = new Map<string, Row[]>();
  for (const [key, value] of rows) {
    const [kind, topic, name] = partsOf(key);
    const known = found.get(topic);
    if (known) known.push([kind, name, value]);
    else found.set(topic, [[kind, name, value]]);
  }
  return found;
}
