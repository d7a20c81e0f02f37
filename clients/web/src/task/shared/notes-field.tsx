/** Free text beside a task. */

import { useId, useLayoutEffect, useRef } from "preact/hooks";
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
}

export function NotesField({ doc, undo, readOnly }: NotesFieldProps) {
  const { shared: words } = useWords().task;
  const ref = useRef<HTMLTextAreaElement>(null);
  const id = useId();
  useLayoutEffect(() => (ref.current === null ? undefined : bindText(notesOf(doc), ref.current)), [doc]);
  return (
    <section class="detail-part notes">
      <header class="part-head">
        <h2>
          <label for={id}>{words.notes}</label>
        </h2>
      </header>
      <textarea
        ref={ref}
        id={id}
        class="notes-field"
        dir="auto"
        rows={4}
        maxLength={MOST}
        readOnly={readOnly}
        placeholder={words.notesHint}
        onBlur={() => undo.stopCapturing()}
      />
    </section>
  );
}
