/** Edits of a plain text that several people write: what one changed, and where a place lies after others did. */

/** At `at`, `removed` characters (UTF-16) gave way to `inserted`. */
export interface Splice {
  readonly at: number;
  readonly removed: number;
  readonly inserted: string;
}

/** What others did, as Yjs tells it: steps through the text as it was before. */
export type Delta = readonly {
  readonly retain?: number;
  readonly insert?: unknown;
  readonly delete?: number;
}[];

const isHighHalf = (text: string, at: number) => (text.charCodeAt(at) & 0xfc00) === 0xd800;
const isLowHalf = (text: string, at: number) => (text.charCodeAt(at) & 0xfc00) === 0xdc00;

/**
 * The smallest edit that makes `after` of `before`; null where they are the same. `caret`, where writing ended in `after`,
 * decides between places that would do alike (`aa` → `aaa`). No character outside the basic plane is ever cut in half.
 */
export function difference(before: string, after: string, caret: number): Splice | null {
  if (before === after) return null;
  const most = Math.min(before.length, after.length);
  const sameTail = (from: number, upto: number) => {
    let tail = from;
    while (tail < upto && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
    return tail;
  };
  let tail = sameTail(0, Math.min(most, after.length - caret));
  let head = 0;
  while (head < most - tail && before[head] === after[head]) head += 1;
  tail = sameTail(tail, most - head);
  if (head > 0 && isHighHalf(before, head - 1)) head -= 1;
  if (tail > 0 && isLowHalf(before, before.length - tail)) tail -= 1;
  return { at: head, removed: before.length - head - tail, inserted: after.slice(head, after.length - tail) };
}

function lengthOf(inserted: unknown): number {
  return typeof inserted === "string" ? inserted.length : 1;
}

/** Where a place lies after `delta`. What is inserted right there comes behind it, or before it with `pushed`. */
export function moved(place: number, delta: Delta, pushed = false): number {
  let seen = 0;
  let result = place;
  for (const { insert, retain = 0, delete: gone = 0 } of delta) {
    const pushes = insert !== undefined && (seen < place || (pushed && seen === place));
    if (pushes) result += lengthOf(insert);
    result -= Math.max(0, Math.min(gone, place - seen));
    seen += retain + gone;
  }
  return result;
}

/** The same edit on a text that others changed meanwhile. */
export function through(splice: Splice, delta: Delta): Splice {
  const at = moved(splice.at, delta);
  return { ...splice, at, removed: moved(splice.at + splice.removed, delta) - at };
}
