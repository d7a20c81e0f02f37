import type * as Y from "yjs";
import type { Document } from "../../src/documents/index.js";
import { until } from "./until.js";

/** Resolves once the text of the document is as wanted. */
export function textIs(document: Document, wanted: string): Promise<void> {
  return has(document, (doc) => textOf(doc) === wanted);
}

export function has(document: Document, wanted: (doc: Y.Doc) => boolean): Promise<void> {
  return new Promise((resolve) => {
    const stops: (() => void)[] = [];
    const look = (): void => {
      if (!wanted(document.doc)) return;
      for (const stop of stops.splice(0)) stop();
      resolve();
    };
    const watch = (doc: Y.Doc): void => {
      doc.on("update", look);
      stops.push(() => doc.off("update", look));
    };
    watch(document.doc);
    stops.push(
      document.onReset(({ doc }) => {
        watch(doc);
        look();
      }),
    );
    look();
  });
}

export function textOf(doc: Y.Doc): string {
  return doc.getText("t").toString();
}

export function write(document: Document, text: string): void {
  const shared = document.doc.getText("t");
  shared.insert(shared.length, text);
}

/** Once the hub has brought it up to date and has every edit. */
export async function settled(document: Document): Promise<void> {
  await until(document.inSync, (value) => value);
  await until(document.unsaved, (size) => size === 0);
}
