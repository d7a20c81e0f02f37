/**
 * A task's checklist in its document: `checklist`, an array of maps `{text, done, place}`. `text` is a `Y.Text`, so that
 * several may write in one entry (a program may state a string), `done` says whether it is ticked, `place` orders them.
 */

import { type Doc, UndoManager, type Array as YArray, Map as YMap, Text as YText } from "yjs";
import { between, placesOf } from "../../model/places.ts";
import { HERE } from "./text-binding.ts";

export type EntryMap = YMap<unknown>;
export type Checklist = YArray<EntryMap>;

export interface Entry {
  /** The same as long as the page holds the entry. */
  readonly key: number;
  readonly map: EntryMap;
  readonly done: boolean;
  readonly place: number;
}

const keys = new WeakMap<EntryMap, number>();
let lastKey = 0;

function keyOf(map: EntryMap): number {
  const key = keys.get(map) ?? ++lastKey;
  keys.set(map, key);
  return key;
}

export function checklistOf(doc: Doc): Checklist {
  return doc.getArray<EntryMap>("checklist");
}

export function notesOf(doc: Doc): YText {
  return doc.getText("notes");
}

/** What undoing takes back: what was done on this page, not what others did. */
export function undoOf(doc: Doc): UndoManager {
  return new UndoManager([notesOf(doc), checklistOf(doc)], { trackedOrigins: new Set([HERE]) });
}

function placeOf(map: EntryMap): number | null {
  const place = map.get("place");
  return typeof place === "number" && Number.isFinite(place) ? place : null;
}

/** All of them, in order; what is no entry is passed over. */
export function entriesOf(list: Checklist): readonly Entry[] {
  const maps = list.toArray().filter((map) => map instanceof YMap);
  const places = placesOf(maps.map(placeOf));
  return maps
    .map(
      (map, at): Entry => ({ key: keyOf(map), map, done: map.get("done") === true, place: places[at] ?? 0 }),
    )
    .sort((one, other) => one.place - other.place);
}

/** What an entry says, for labels; nothing where others wrote something that is no text. */
export function textOf({ map }: Entry): string {
  const text = map.get("text");
  return (text instanceof YText ? text.toString() : typeof text === "string" ? text : "").trim();
}

/** The entry's text to write in; one that a program stated as a string becomes one at the first writing. */
export function writableText({ map }: Entry): YText | null {
  const text = map.get("text");
  return text instanceof YText ? text : null;
}

function change(list: Checklist, act: () => void): void {
  list.doc?.transact(act, HERE);
}

export function writeText(list: Checklist, { map }: Entry, text: string): void {
  change(list, () => map.set("text", new YText(text)));
}

/** Where the entry at `index` of `entries` would stand; their places are stated anew where there is no room. */
function placeAt(entries: readonly Entry[], index: number): number {
  const place = between(entries[index - 1]?.place ?? null, entries[index]?.place ?? null);
  if (place !== null) return place;
  for (const [at, { map }] of entries.entries()) map.set("place", at < index ? at : at + 1);
  return index;
}

/** Another entry at `index`, in one step with the words in it. */
export function addEntry(list: Checklist, index: number, text: string): EntryMap {
  const map: EntryMap = new YMap();
  change(list, () => {
    map.set("text", new YText(text));
    map.set("done", false);
    map.set("place", placeAt(entriesOf(list), index));
    list.push([map]);
  });
  return map;
}

export function setDone(list: Checklist, { map }: Entry, done: boolean): void {
  change(list, () => map.set("done", done));
}

export function removeEntry(list: Checklist, { map }: Entry): void {
  const at = list.toArray().indexOf(map);
  if (at >= 0) change(list, () => list.delete(at, 1));
}

/** To stand at `index` among the others. */
export function moveEntry(list: Checklist, { map }: Entry, index: number): void {
  const others = entriesOf(list).filter((entry) => entry.map !== map);
  const to = Math.max(0, Math.min(others.length, index));
  change(list, () => map.set("place", placeAt(others, to)));
}
