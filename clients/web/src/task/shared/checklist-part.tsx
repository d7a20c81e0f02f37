/** Steps of a task: added, ticked, edited, moved and deleted by all who have it open. */

import { useEffect, useReducer, useRef } from "preact/hooks";
import type { Doc, UndoManager } from "yjs";
import { useWords } from "../../shell/context.ts";
import { AddEntry } from "./add-entry.tsx";
import {
  addEntry,
  type Checklist,
  checklistOf,
  type Entry,
  entriesOf,
  moveEntry,
  removeEntry,
  setDone,
} from "./checklist.ts";
import { type EntryDeeds, EntryLine } from "./entry-line.tsx";
import { useDrag } from "./use-drag.ts";

interface ChecklistPartProps {
  readonly doc: Doc;
  readonly undo: UndoManager;
  readonly readOnly: boolean;
}

/** The entries as they stand; drawn again with each change in them. */
function useEntries(list: Checklist): readonly Entry[] {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    const tell = () => redraw(undefined as never);
    tell();
    list.observeDeep(tell);
    return () => list.unobserveDeep(tell);
  }, [list]);
  return entriesOf(list);
}

export function ChecklistPart({ doc, undo, readOnly }: ChecklistPartProps) {
  const { shared: words } = useWords().task;
  const list = checklistOf(doc);
  const entries = useEntries(list);
  const ref = useRef<HTMLUListElement>(null);
  const deeds = useEntryDeeds(list, entries, undo, ref);
  const drag = useDrag(ref, (index, to) => deeds.move(index, to));
  const done = entries.filter((entry) => entry.done).length;
  if (readOnly && entries.length === 0) return null;
  return (
    <section class="detail-part checklist" aria-label={words.checklist}>
      <header class="part-head">
        <h2>{words.checklist}</h2>
        {entries.length > 0 && <span class="part-count">{words.doneOf(done, entries.length)}</span>}
      </header>
      <ul ref={ref} class="entries">
        {entries.map((entry, index) => (
          <EntryLine
            key={entry.key}
            list={list}
            entry={entry}
            index={index}
            readOnly={readOnly}
            deeds={deeds}
            drag={drag}
          />
        ))}
      </ul>
      {!readOnly && <AddEntry onAdd={(text) => deeds.add(entries.length, text)} />}
    </section>
  );
}

type ListRef = { readonly current: HTMLUListElement | null };

function fieldsIn(list: HTMLUListElement | null): HTMLElement[] {
  return [...(list?.querySelectorAll<HTMLElement>(".entry-text") ?? [])];
}

/** Each deed is one step to undo, and leaves the focus where somebody goes on. */
function useEntryDeeds(
  list: Checklist,
  entries: readonly Entry[],
  undo: UndoManager,
  ref: ListRef,
): EntryDeeds {
  const wanted = useRef<{ index: number; at: string } | null>(null);
  useEffect(() => {
    if (wanted.current === null) return;
    const { index, at } = wanted.current;
    wanted.current = null;
    ref.current?.children[index]?.querySelector<HTMLElement>(at)?.focus();
  });
  const step = (act: () => void) => {
    undo.stopCapturing();
    act();
    undo.stopCapturing();
  };
  const focus = (index: number, at = ".entry-text") => {
    wanted.current = { index, at };
  };
  return {
    add: (index, text) => step(() => void addEntry(list, index, text)),
    addBelow(index) {
      focus(index + 1);
      step(() => void addEntry(list, index + 1, ""));
    },
    tick: (entry, done) => step(() => setDone(list, entry, done)),
    remove(index) {
      const entry = entries[index];
      if (entry === undefined) return;
      if (entries.length > 1) focus(Math.max(0, index - 1));
      step(() => removeEntry(list, entry));
    },
    move(index, to, at) {
      const entry = entries[index];
      const place = Math.max(0, Math.min(entries.length - 1, to));
      if (entry === undefined || place === index) return;
      if (at !== undefined) focus(place, at);
      step(() => moveEntry(list, entry, place));
    },
    focusOn: (index) => fieldsIn(ref.current)[index]?.focus(),
  };
}
