/** Notes and a checklist, edited together live. */

import type { Readable } from "@tongbu/client";
import type { Document } from "@tongbu/client/documents";
import { useEffect, useReducer } from "preact/hooks";
import type { UndoManager } from "yjs";
import { explained, type Told } from "../../model/errors.ts";
import { IconButton } from "../../parts/button.tsx";
import { useWords } from "../../shell/context.ts";
import { useReadable } from "../../shell/readable.ts";
import { ChecklistPart } from "./checklist-part.tsx";
import { NotesField } from "./notes-field.tsx";
import { Others, useShowMe } from "./others.tsx";
import { type Opened, useDocument } from "./use-document.ts";

export interface SharedProps {
  /** Of the document, without `doc/`. */
  readonly name: string;
}

export function Shared({ name }: SharedProps) {
  const { shared: words } = useWords().task;
  const opened = useDocument(name);
  if (opened === "opening") return <p class="together-state is-muted">{words.opening}</p>;
  if (opened === "failed") return <p class="together-state is-muted">{words.failed}</p>;
  return <Together key={opened.doc.guid} opened={opened} />;
}

function Together({ opened }: { readonly opened: Opened }) {
  const { document, doc, undo } = opened;
  const readOnly = useReadable<"write" | "read" | null>(document.access) === "read";
  useShowMe(document);
  const onKeyDown = (event: KeyboardEvent) => {
    const turn = turnOf(event);
    if (turn === null) return;
    event.preventDefault();
    undo[turn]();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: hears the keys of the fields within
    <div class="together" onKeyDown={onKeyDown}>
      <ChecklistPart doc={doc} undo={undo} readOnly={readOnly} />
      <NotesField doc={doc} undo={undo} readOnly={readOnly} />
      <footer class="together-foot">
        <Others document={document} />
        {!readOnly && <UndoButtons undo={undo} />}
      </footer>
      <Refused refusal={document.refusal} />
    </div>
  );
}

/** What control or command with a key means while writing. */
function turnOf(event: KeyboardEvent): "undo" | "redo" | null {
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return null;
  const key = event.key.toLowerCase();
  if (key === "z") return event.shiftKey ? "redo" : "undo";
  return key === "y" ? "redo" : null;
}

function Refused({ refusal }: { readonly refusal: Document["refusal"] }) {
  const { errors, task } = useWords();
  const refused = useReadable(refusal as Readable<Told | null>);
  return (
    <p class="problem" role="alert">
      {refused === null ? null : task.shared.refused(explained(refused, errors))}
    </p>
  );
}

function UndoButtons({ undo }: { readonly undo: UndoManager }) {
  const { shared: words } = useWords().task;
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    const tell = () => redraw(undefined as never);
    const events = ["stack-item-added", "stack-item-popped", "stack-cleared"] as const;
    for (const name of events) undo.on(name, tell);
    return () => {
      for (const name of events) undo.off(name, tell);
    };
  }, [undo]);
  return (
    <span class="together-undo">
      <IconButton icon="undo" label={words.undo} disabled={!undo.canUndo()} onClick={() => undo.undo()} />
      <IconButton icon="redo" label={words.redo} disabled={!undo.canRedo()} onClick={() => undo.redo()} />
    </span>
  );
}
