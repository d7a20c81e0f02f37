/** One entry of a checklist: a handle to move it, its tick, its words. */

import { useLayoutEffect, useRef } from "preact/hooks";
import { IconButton } from "../../parts/button.tsx";
import { Icon } from "../../parts/icon.tsx";
import { useWords } from "../../shell/context.ts";
import { type Checklist, type Entry, textOf, writableText, writeText } from "./checklist.ts";
import { bindText } from "./text-binding.ts";
import type { Drag } from "./use-drag.ts";

export interface EntryDeeds {
  add(index: number, text: string): void;
  /** An empty one below, to write in. */
  addBelow(index: number): void;
  tick(entry: Entry, done: boolean): void;
  remove(index: number): void;
  /** To stand at `to`; `at` says by a selector what in it has the focus then. */
  move(index: number, to: number, at?: string): void;
  focusOn(index: number): void;
}

interface EntryLineProps {
  readonly list: Checklist;
  readonly entry: Entry;
  readonly index: number;
  readonly readOnly: boolean;
  readonly deeds: EntryDeeds;
  readonly drag: Drag;
}

export function EntryLine({ list, entry, index, readOnly, deeds, drag }: EntryLineProps) {
  const { shared: words } = useWords().task;
  const text = textOf(entry) || words.emptyEntry;
  const look = `entry${entry.done ? " is-done" : ""}${drag.lookOf(index)}`;
  const onHandleKey = (event: KeyboardEvent) => {
    const by = STEPS[event.key];
    if (by === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    deeds.move(index, index + by, ".entry-handle");
  };
  return (
    <li class={look}>
      {!readOnly && (
        <button
          type="button"
          class="entry-handle"
          aria-label={words.moveEntry(text)}
          aria-keyshortcuts="ArrowUp ArrowDown"
          title={words.moveHint}
          onKeyDown={onHandleKey}
          onPointerDown={(event) => drag.begin(event, index)}
        >
          <Icon name="grip" />
        </button>
      )}
      <label class="entry-tick">
        <input
          type="checkbox"
          aria-label={text}
          checked={entry.done}
          disabled={readOnly}
          onChange={(event) => deeds.tick(entry, event.currentTarget.checked)}
        />
        <Icon name="check" />
      </label>
      <EntryText list={list} entry={entry} index={index} readOnly={readOnly} deeds={deeds} />
      {!readOnly && (
        <IconButton
          icon="close"
          label={words.deleteEntry(text)}
          class="entry-delete"
          onClick={() => deeds.remove(index)}
        />
      )}
    </li>
  );
}

/** Characters of one entry. */
export const MOST_IN_ENTRY = 2000;

function EntryText({ list, entry, index, readOnly, deeds }: Omit<EntryLineProps, "drag">) {
  const { shared: words } = useWords().task;
  const ref = useRef<HTMLTextAreaElement>(null);
  const text = writableText(entry);
  const stated = text === null ? textOf(entry) : null;
  useLayoutEffect(() => {
    if (ref.current === null) return undefined;
    if (text !== null) return bindText(text, ref.current);
    ref.current.value = stated ?? "";
    return undefined;
  }, [text, stated]);
  return (
    <textarea
      ref={ref}
      class="entry-text"
      dir="auto"
      rows={1}
      maxLength={MOST_IN_ENTRY}
      readOnly={readOnly}
      aria-label={words.entryText(index + 1)}
      onInput={({ currentTarget }) => text === null && writeText(list, entry, currentTarget.value)}
      onKeyDown={(event) => onEntryKey(event, index, deeds)}
    />
  );
}

/** Enter goes on below, Backspace in an empty one deletes it, the arrows go and (with Alt) move up and down. */
function onEntryKey(event: KeyboardEvent, index: number, deeds: EntryDeeds): void {
  const field = event.currentTarget;
  if (event.isComposing || !(field instanceof HTMLTextAreaElement) || field.readOnly) return;
  if (!actOn(event, field, index, deeds)) return;
  event.preventDefault();
}

const STEPS: Readonly<Record<string, number>> = { ArrowUp: -1, ArrowDown: 1 };

/** Whether the key meant something. */
function actOn(
  { key, altKey }: KeyboardEvent,
  field: HTMLTextAreaElement,
  index: number,
  deeds: EntryDeeds,
): boolean {
  const by = STEPS[key];
  if (key === "Enter") deeds.addBelow(index);
  else if (key === "Backspace" && field.value === "") deeds.remove(index);
  else if (by === undefined) return false;
  else if (altKey) deeds.move(index, index + by, ".entry-text");
  else if (isAtEdge(field, by)) deeds.focusOn(index + by);
  else return false;
  return true;
}

function isAtEdge({ selectionStart, selectionEnd, value }: HTMLTextAreaElement, by: number): boolean {
  return by < 0 ? selectionStart === 0 || !wraps(value) : selectionEnd === value.length || !wraps(value);
}

/** Short words surely stand in one line, where up and down mean the next entry. */
function wraps(value: string): boolean {
  return value.length > 40;
}
