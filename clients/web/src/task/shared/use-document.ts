/** A document while the component is there. */

import type { Document } from "@tongbu/client/documents";
import { useContext, useEffect, useState } from "preact/hooks";
import type { Doc, UndoManager } from "yjs";
import { usePage } from "../../shell/context.ts";
import { DocumentsContext } from "../documents.ts";
import { undoOf } from "./checklist.ts";

/** One content of the document: after a reset there is another one. */
export interface Opened {
  readonly document: Document;
  readonly doc: Doc;
  readonly undo: UndoManager;
}

/** "failed": the document can't be opened at all. */
export function useDocument(name: string): Opened | "opening" | "failed" {
  const { hub } = usePage();
  const open = useContext(DocumentsContext);
  const [state, setState] = useState<Opened | "opening" | "failed">("opening");
  useEffect(() => {
    let here = true;
    let end = () => {};
    const take = async () => {
      const document = await open(hub, name);
      if (!here) return document.close();
      end = follow(document, setState);
      await document.loaded;
      if (here) setState((standing) => (standing === "opening" ? openedOf(document) : standing));
    };
    take().catch(() => here && setState("failed"));
    return () => {
      here = false;
      end();
    };
  }, [hub, name, open]);
  useEffect(() => {
    if (typeof state !== "object") return undefined;
    return () => state.undo.destroy();
  }, [state]);
  return state;
}

function openedOf(document: Document): Opened {
  return { document, doc: document.doc, undo: undoOf(document.doc) };
}

/** Returns how to stop, and close. */
function follow(document: Document, tell: (opened: Opened) => void): () => void {
  const stop = document.onReset(() => tell(openedOf(document)));
  return () => {
    stop();
    document.close();
  };
}
