/** Free text beside a task. */

import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import type { Doc, UndoManager } from "yjs";
import { useWords } from "../../shell/context.ts";
import { notesOf } from "./checklist.ts";
import { bindText } from "./text-binding.ts";

/** Characters: what one push surely holds. */
const MOST = 200_000;

interface NotesFieldProps {
  readonly doc: Doc;
  readonly undo: UndoManager;
  readonly readOnly: boolean;
  /** Beside the heading. */
  readonly children: ComponentChildren;
}

export function NotesField({ doc, undo, readOnly, children }: NotesFieldProps) {
  const { shared: words } = useWords().task;
  const ref = useRef<HTMLTextAreaElement>(null);
  const id = useId();
  useEffect(() => (ref.current === null ? undefined : bindText(notesOf(doc), ref.current)), [doc]);
  return (
    <section class="detail-part notes">
      <header class="part-head">
        <h2>
          <label for={id}>{words.notes}</label>
        </h2>
        {children}
      </header>
      <textarea
        ref={ref}
        id={id}
        class="field notes-field"
        rows={4}
        maxLength={MOST}
        readOnly={readOnly}
        placeholder={words.notesHint}
        onBlur={() => undo.stopCapturing()}
      />
    </section>
  );
}
