/** A field that shows a shared text, and writes what is typed into it. */

import { type Transaction, UndoManager, type Text as YText, type YTextEvent } from "yjs";
import { type Delta, difference, moved, type Splice, through } from "../../model/text-edit.ts";

/** Where changes come from that somebody made on this page: those are what undoing takes back. */
export const HERE = "here";

export type Field = HTMLTextAreaElement | HTMLInputElement;

/** As a field shows it: browsers drop carriage returns. */
export function plainText(text: YText): string {
  return text.toString().replaceAll("\r", "");
}

/** So that places in the text are those in the field. */
function dropReturns(text: YText): void {
  const content = text.toString();
  for (let at = content.lastIndexOf("\r"); at >= 0; at = content.lastIndexOf("\r", at - 1)) {
    text.delete(at, 1);
    if (at === 0) return;
  }
}

function write(text: YText, { at, removed, inserted }: Splice): void {
  text.doc?.transact(() => {
    dropReturns(text);
    if (removed > 0) text.delete(at, removed);
    if (inserted !== "") text.insert(at, inserted);
  }, HERE);
}

/**
 * Holds field and text together until the returned function is called. Only what was typed is written, so both may be
 * changed at once; the cursor stays where it was in the text. While an input method composes, the field is left alone.
 */
export function bindText(text: YText, field: Field): () => void {
  let shown = plainText(text);
  let writing = false;
  let composing = false;
  let meanwhile: Delta[] = [];
  if (field.value !== shown) field.value = shown;

  const show = (start: number, end: number) => {
    const { scrollTop } = field;
    shown = plainText(text);
    if (field.value === shown) return;
    field.value = shown;
    if (field.ownerDocument.activeElement === field) field.setSelectionRange(start, end);
    field.scrollTop = scrollTop;
  };
  const say = (splice: Splice) => {
    writing = true;
    write(text, splice);
    writing = false;
  };
  const caret = () => field.selectionEnd ?? field.value.length;
  const onInput = () => {
    if (composing) return;
    const splice = difference(shown, field.value, caret());
    if (splice === null) return;
    shown = field.value;
    say(splice);
  };
  const onCompositionEnd = () => {
    const splice = difference(shown, field.value, caret());
    const own = splice === null ? null : meanwhile.reduce(through, splice);
    const deltas = meanwhile;
    composing = false;
    meanwhile = [];
    if (own !== null) say(own);
    shown = field.value;
    if (deltas.length === 0) return;
    const place =
      own === null ? deltas.reduce((at, delta) => moved(at, delta), caret()) : own.at + own.inserted.length;
    show(place, place);
  };
  const onChange = (event: YTextEvent, { origin }: Transaction) => {
    if (writing) return;
    const delta = event.delta as Delta;
    if (composing) {
      meanwhile.push(delta);
      return;
    }
    const pushed = origin instanceof UndoManager;
    show(moved(field.selectionStart ?? 0, delta, pushed), moved(caret(), delta, pushed));
  };
  const onCompositionStart = () => {
    composing = true;
  };

  text.observe(onChange);
  field.addEventListener("input", onInput);
  field.addEventListener("compositionstart", onCompositionStart);
  field.addEventListener("compositionend", onCompositionEnd);
  return () => {
    if (composing) onCompositionEnd();
    text.unobserve(onChange);
    field.removeEventListener("input", onInput);
    field.removeEventListener("compositionstart", onCompositionStart);
    field.removeEventListener("compositionend", onCompositionEnd);
  };
}
