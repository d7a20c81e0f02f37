/**
 * Documents: Yjs content as `Y.Doc`s that are the same everywhere, offline too. The only entry that needs `yjs` and
 * `y-protocols`.
 */
import type { Awareness } from "y-protocols/awareness";
import type * as Y from "yjs";
import type { Hub, Readable } from "../api.js";
import { Refusal } from "../errors.js";
import { type Internals, internalsOf } from "../internals.js";
import { Batch } from "../session/batch.js";
import { soon } from "../session/cell.js";
import { isDocumentName } from "../state/names.js";
import { DocumentTopic, type Reset } from "./document-topic.js";
import { createErrands } from "./errands.js";
import { type PresenceListener, PresenceOf } from "./presence.js";

export type { Reset } from "./document-topic.js";

/** One document. Edit `doc`: what is edited is kept and said by itself, also without a hub. */
export interface Document {
  readonly name: string;
  /** The content. Another object after a reset: bind editors anew in `onReset`. */
  readonly doc: Y.Doc;
  /** Resolves once what the store holds is in `doc` (also without a hub), which may be nothing. */
  readonly loaded: Promise<void>;
  /** Whether the hub has brought this document up to date on this connection. */
  readonly inSync: Readable<boolean>;
  readonly access: Readable<"write" | "read" | null>;
  /** Why the hub does not let this user open it; null where it does, or has not said. */
  readonly refusal: Readable<Refusal | null>;
  /** Edits that the hub has not answered. 0: all of it is saved. */
  readonly unsaved: Readable<number>;
  /**
   * Who else is there, as editors know it: cursors, names. Another object after a reset, with the same own state. An own state
   * of more than 4,096 bytes is not shown to others: `Hub.onRefused` tells (`field` `presence`, `code` `too_big`).
   */
  readonly awareness: Awareness;
  /**
   * Called when `doc` became another object: the hub replaced the history (a restore), or refused an edit, of which
   * `Hub.onRefused` tells. `former` holds what was here, edited no further. Returns how to stop.
   */
  onReset(listener: (reset: Reset) => void): () => void;
  /** Follow it no longer, once every edit is saved. The copy stays in the store. */
  close(): void;
}

/**
 * A document, made by the first who opens it. Opening the same again gives the same `doc`.
 *
 * @param name without `doc/`: 1 to 64 characters, names of `A–Z a–z 0–9 _ . ~ @ -` joined by `/`.
 * @throws Refusal `bad_id` where it is no name.
 */
export function openDocument(hub: Hub, name: string): Document {
  if (!isDocumentName(name)) {
    throw new Refusal("bad_id", "A document's name is 1 to 64 characters, names joined by /.");
  }
  const internals = provided(hub);
  const { topic, loaded } = internals.hold(`doc/${name}`);
  if (!(topic instanceof DocumentTopic)) throw new TypeError("made by another copy of the SDK");
  return documentOf(name, topic, loaded, internals);
}

/**
 * Brings to the hub what was edited in documents that nobody has open any more: offline, say, before the page was closed. Each
 * is opened until the hub has answered, a few at a time; what it refuses `Hub.onRefused` tells. For as long as the hub is
 * there; `openDocument` does it, too.
 */
export function pushDocuments(hub: Hub): void {
  provided(hub);
}

const known = new WeakSet<Internals>();

/** The hub, which from now on knows how documents are made. */
function provided(hub: Hub): Internals {
  const internals = internalsOf(hub);
  if (known.has(internals)) return internals;
  known.add(internals);
  const errands = createErrands(internals);
  const { nextId, said } = internals;
  internals.provide("doc", (topic) => new DocumentTopic(topic, { nextId, said, ...errands.listener }));
  errands.begin();
  return internals;
}

const presences = new WeakMap<DocumentTopic, PresenceOf>();

function documentOf(
  name: string,
  topic: DocumentTopic,
  loaded: Promise<void>,
  internals: Internals,
): Document {
  const presence = presences.get(topic) ?? new PresenceOf(topic, presenceListener(topic, internals));
  presences.set(topic, presence);
  presence.enter();
  const stops = new Set<() => void>();
  const close = (): void => {
    for (const stop of [...stops]) stop();
    presence.leave();
    internals.release(topic);
  };
  return {
    name,
    loaded,
    get doc() {
      return topic.doc;
    },
    get awareness() {
      return presence.awareness;
    },
    inSync: topic.inSync,
    access: topic.access,
    refusal: topic.refusal,
    unsaved: topic.unsavedEdits,
    onReset(listener) {
      const later = (reset: Reset): void => soon(() => listener(reset));
      const stop = (): void => {
        topic.resets.delete(later);
        stops.delete(stop);
      };
      topic.resets.add(later);
      stops.add(stop);
      return stop;
    },
    close: closing(close),
  };
}

function presenceListener(topic: DocumentTopic, internals: Internals): PresenceListener {
  return {
    changed: () => internals.presenceChanged(topic),
    refused(refused) {
      const batch = new Batch();
      batch.answer("", refused);
      internals.said(batch);
    },
  };
}

function closing(close: () => void): () => void {
  let closed = false;
  return () => {
    if (!closed) close();
    closed = true;
  };
}
