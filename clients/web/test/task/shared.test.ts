/** The binding of fields and the checklist, on real Yjs documents of two devices. */

import { expect, test } from "vitest";
import {
  applyUpdate,
  Doc,
  encodeStateAsUpdate,
  encodeStateVector,
  Array as YArray,
  Map as YMap,
  Text as YText,
} from "yjs";
import {
  addEntry,
  checklistOf,
  entriesOf,
  moveEntry,
  notesOf,
  removeEntry,
  setDone,
  textOf,
  undoOf,
  writableText,
} from "../../src/task/shared/checklist.ts";
import { bindText, HERE } from "../../src/task/shared/text-binding.ts";
import { placeAmong } from "../../src/task/shared/use-drag.ts";

function bring(from: Doc, to: Doc): void {
  applyUpdate(to, encodeStateAsUpdate(from, encodeStateVector(to)));
}

function meet(one: Doc, other: Doc): void {
  bring(one, other);
  bring(other, one);
}

function aField(): HTMLTextAreaElement {
  const field = document.createElement("textarea");
  document.body.replaceChildren(field);
  field.focus();
  return field;
}

/** Types at the cursor, as a person does. */
function type(field: HTMLTextAreaElement, text: string, at = field.selectionEnd): void {
  field.value = field.value.slice(0, at) + text + field.value.slice(at);
  field.setSelectionRange(at + text.length, at + text.length);
  field.dispatchEvent(new Event("input"));
}

const texts = (doc: Doc) => entriesOf(checklistOf(doc)).map(textOf);

test("What is typed is written alone, what others write appears, and the cursor keeps its place", () => {
  const doc = new Doc();
  const text = notesOf(doc);
  text.insert(0, "hello world");
  const field = aField();
  const stop = bindText(text, field);
  expect(field.value).toBe("hello world");
  const updates: Uint8Array[] = [];
  doc.on("update", (update) => updates.push(update));
  type(field, "!", 11);
  expect(text.toString()).toBe("hello world!");
  expect(updates[0]?.length).toBeLessThan(30);
  field.setSelectionRange(6, 8);
  text.insert(0, "Oh, ");
  expect(field.value).toBe("Oh, hello world!");
  expect([field.selectionStart, field.selectionEnd]).toEqual([10, 12]);
  stop();
  text.insert(0, "x");
  expect(field.value).toBe("Oh, hello world!");
});

test("While an input method composes, the field is left alone; both words are there afterwards", () => {
  const doc = new Doc();
  const text = notesOf(doc);
  text.insert(0, "ab");
  const field = aField();
  bindText(text, field);
  field.dispatchEvent(new Event("compositionstart"));
  type(field, "ni", 1);
  text.insert(0, "others ");
  expect(field.value).toBe("anib");
  expect(text.toString()).toBe("others ab");
  field.value = "a你b";
  field.setSelectionRange(2, 2);
  field.dispatchEvent(new Event("input"));
  field.dispatchEvent(new Event("compositionend"));
  expect(text.toString()).toBe("others a你b");
  expect(field.value).toBe("others a你b");
  expect(field.selectionEnd).toBe(9);
});

test("A text with carriage returns, which fields drop, is edited at the right place", () => {
  const doc = new Doc();
  const text = notesOf(doc);
  text.insert(0, "\rone\r\ntwo");
  const field = aField();
  bindText(text, field);
  type(field, "!", field.value.length);
  expect(text.toString()).toBe("one\ntwo!");
});

test("Undoing takes back what was done here, not what others did meanwhile", () => {
  const [doc, other] = [new Doc(), new Doc()];
  const undo = undoOf(doc);
  const field = aField();
  bindText(notesOf(doc), field);
  type(field, "mine", 0);
  meet(doc, other);
  notesOf(other).insert(4, " and theirs");
  meet(doc, other);
  expect(field.value).toBe("mine and theirs");
  undo.undo();
  expect(field.value).toBe(" and theirs");
  undo.redo();
  expect(field.value).toBe("mine and theirs");
});

test("An entry moved on one device keeps what another wrote in it meanwhile", () => {
  const [doc, other] = [new Doc(), new Doc()];
  const list = checklistOf(doc);
  for (const [index, text] of ["one", "two", "three"].entries()) addEntry(list, index, text);
  meet(doc, other);
  moveEntry(list, entriesOf(list)[2]!, 0);
  other.transact(() => writableText(entriesOf(checklistOf(other))[2]!)?.insert(5, "!"), HERE);
  setDone(checklistOf(other), entriesOf(checklistOf(other))[0]!, true);
  meet(doc, other);
  expect(texts(doc)).toEqual(["three!", "one", "two"]);
  expect(texts(other)).toEqual(texts(doc));
  expect(entriesOf(list).map(({ done }) => done)).toEqual([false, true, false]);
});

test("Two moves of one entry at once leave one entry, at the same place everywhere", () => {
  const [doc, other] = [new Doc(), new Doc()];
  for (const [index, text] of ["one", "two", "three"].entries()) addEntry(checklistOf(doc), index, text);
  meet(doc, other);
  moveEntry(checklistOf(doc), entriesOf(checklistOf(doc))[0]!, 2);
  moveEntry(checklistOf(other), entriesOf(checklistOf(other))[0]!, 1);
  meet(doc, other);
  expect(texts(doc)).toEqual(texts(other));
  expect([...texts(doc)].sort()).toEqual(["one", "three", "two"]);
});

test("However often one moves between the same two, there is room", () => {
  const doc = new Doc();
  const list = checklistOf(doc);
  for (const [index, text] of ["a", "b", "c"].entries()) addEntry(list, index, text);
  for (let turn = 0; turn < 120; turn++) moveEntry(list, entriesOf(list)[2]!, 1);
  const before = texts(doc);
  moveEntry(list, entriesOf(list)[2]!, 1);
  expect(texts(doc)).toEqual([before[0], before[2], before[1]]);
});

test("Entries that a program stated with strings and without places are shown, ticked and moved", () => {
  const doc = new Doc();
  const list = checklistOf(doc);
  for (const text of ["one", "two"]) {
    const map = new YMap<unknown>();
    map.set("text", text);
    list.push([map]);
  }
  expect(texts(doc)).toEqual(["one", "two"]);
  moveEntry(list, entriesOf(list)[1]!, 0);
  expect(texts(doc)).toEqual(["two", "one"]);
  removeEntry(list, entriesOf(list)[0]!);
  expect(texts(doc)).toEqual(["one"]);
});

test("A line that is dragged stands behind those whose middle it has passed", () => {
  const others = [
    { top: 0, bottom: 10 },
    { top: 10, bottom: 20 },
  ];
  expect([2, 8, 30].map((y) => placeAmong(others, y))).toEqual([0, 1, 2]);
});

test("What is no text in an entry counts as none, whatever others wrote there", () => {
  const doc = new Doc();
  const strange: unknown[] = [
    { toString: 1 },
    { a: [] },
    7,
    null,
    true,
    [1],
    new Uint8Array(2),
    new YMap(),
    new YArray(),
  ];
  const list = checklistOf(doc);
  list.push([...strange, " said ", new YText("written")].map((text) => new YMap([["text", text]])));
  list.push([new YMap<unknown>([["place", { toString: 1 }]]), new YMap<unknown>([["done", "yes"]])]);
  (list as YArray<unknown>).push(["loose", 3, null, new YText("x")]);
  expect(texts(doc)).toEqual([...strange.map(() => ""), "said", "written", "", ""]);
  expect(entriesOf(list).filter(({ done }) => done)).toEqual([]);
});
