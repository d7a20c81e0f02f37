/** Finding items by words in their title, text, source and tags. */

import type { Item } from "@tongbu/client";

/** Items are replaced, never changed, so what was made of one stays true. */
const texts = new WeakMap<Item, string>();

function textOf(item: Item): string {
  const known = texts.get(item);
  if (known !== undefined) return known;
  const parts = [item.title, item.body, item.task?.note, item.source, ...(item.tags ?? [])];
  const text = fold(parts.filter(Boolean).join("\n"));
  texts.set(item, text);
  return text;
}

/** Full-width letters, case and accents make no difference. */
function fold(text: string): string {
  return text
    .normalize("NFKD")
    .replace(/\p{Mn}/gu, "")
    .toLowerCase();
}

/** The words asked for; none where nothing is. At most ten count. */
export function wordsOf(query: string): readonly string[] {
  return fold(query).split(/\s+/u).filter(Boolean).slice(0, 10);
}

/** Whether every word stands somewhere in the item. */
export function contains(item: Item, words: readonly string[]): boolean {
  if (words.length === 0) return true;
  const text = textOf(item);
  return words.every((word) => text.includes(word));
}
