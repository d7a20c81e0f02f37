/** Documents in memory: those of one fake world are in step with each other, as by a hub. */

import type { Document, Reset } from "@tongbu/client/documents";
import { Awareness } from "y-protocols/awareness";
import { applyUpdate, Doc, encodeStateAsUpdate } from "yjs";
import { Value } from "../../src/model/value.ts";
import type { OpenDocument } from "../../src/task/documents.ts";

export interface FakeDocument extends Document {
  readonly access: Value<"write" | "read" | null>;
  /** Another history of the document. */
  reset(): void;
}

export interface FakeDocuments {
  readonly open: OpenDocument;
  /** What another device has of the document: what is changed in it arrives here, and the other way round. */
  elsewhere(name: string): Doc;
  /** The document as opened here last. */
  opened(name: string): FakeDocument;
  closed: number;
}

export function fakeDocuments(): FakeDocuments {
  const others = new Map<string, Doc>();
  const opened = new Map<string, FakeDocument>();
  const elsewhere = (name: string): Doc => {
    const doc = others.get(name) ?? new Doc();
    others.set(name, doc);
    return doc;
  };
  const documents: FakeDocuments = {
    elsewhere,
    closed: 0,
    opened(name) {
      const document = opened.get(name);
      if (document === undefined) throw new Error(`Nobody opened ${name}.`);
      return document;
    },
    async open(_hub, name) {
      const document = aFakeDocument(name, elsewhere(name), () => {
        documents.closed += 1;
      });
      opened.set(name, document);
      return document;
    },
  };
  return documents;
}

function joined(other: Doc): Doc {
  const doc = new Doc();
  applyUpdate(doc, encodeStateAsUpdate(other), other);
  doc.on("update", (update, origin) => origin !== other && applyUpdate(other, update, doc));
  other.on("update", (update, origin) => origin !== doc && applyUpdate(doc, update, other));
  return doc;
}

function awarenessOf(doc: Doc): Awareness {
  const awareness = new Awareness(doc);
  clearInterval(awareness._checkInterval as ReturnType<typeof setInterval>);
  return awareness;
}

function aFakeDocument(name: string, other: Doc, close: () => void): FakeDocument {
  let doc = joined(other);
  let awareness = awarenessOf(doc);
  const listeners = new Set<(reset: Reset) => void>();
  return {
    name,
    loaded: Promise.resolve(),
    inSync: new Value(true),
    access: new Value<"write" | "read" | null>("write"),
    refusal: new Value(null),
    unsaved: new Value(0),
    get doc() {
      return doc;
    },
    get awareness() {
      return awareness;
    },
    onReset(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    reset() {
      const former = doc;
      doc = new Doc();
      awareness = awarenessOf(doc);
      for (const listener of listeners) listener({ doc, former });
    },
    close,
  };
}
