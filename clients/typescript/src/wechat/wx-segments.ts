import { StoreUnusable } from "../platform/store-errors.js";
import { type Transaction, textOf, transactionOf } from "../platform/text.js";
import type { Kept } from "./wx-kept.js";

/**
 * Segments of a log in a store that holds 1 MB a key and knows no transactions: a segment's text is in pieces under
 * `<number>/<piece>`, piece 0 written last and saying how many there are. A segment without its piece 0 never was.
 */
export interface Segments {
  /** Of those that are whole, in order; what else there is is removed. */
  numbers(): Promise<number[]>;
  read(number: number): Promise<{ readonly transactions: readonly Transaction[]; readonly size: number }>;
  /** Answers with the size in characters. Nothing of it is left where it fails. */
  write(number: number, transactions: readonly Transaction[]): Promise<number>;
  remove(number: number): Promise<void>;
}

/** Characters, of at most 3 bytes each. */
const PIECE = 256 * 1024;
const DIGITS = 12;

export function segmentsIn(kept: Kept): Segments {
  return {
    async numbers() {
      const keys = (await kept.keys()).sort();
      const whole = new Set(keys.filter((key) => key.endsWith("/0")).map(numberOf));
      for (const key of keys) if (!whole.has(numberOf(key))) await kept.remove(key);
      return [...whole];
    },
    async read(number) {
      const first = await kept.get(keyOf(number, 0));
      const texts = [first.slice(first.indexOf(" ") + 1)];
      for (let piece = 1; piece < Number.parseInt(first, 10); piece++)
        texts.push(await kept.get(keyOf(number, piece)));
      const text = texts.join("");
      return { transactions: readable(text), size: text.length };
    },
    async write(number, transactions) {
      const text = transactions.map(textOf).join("\n");
      await writePieces(kept, number, piecesOf(text));
      return text.length;
    },
    async remove(number) {
      await removePieces(kept, number, Number.parseInt(await kept.get(keyOf(number, 0)), 10));
    },
  };
}

/** Text in pieces; the first begins with their number. */
function piecesOf(text: string): string[] {
  const pieces: string[] = [];
  for (let at = 0, end = 0; at < text.length; at = end) {
    end = at + PIECE;
    if (isHighSurrogate(text.charCodeAt(end - 1))) end -= 1;
    pieces.push(text.slice(at, end));
  }
  return pieces.map((piece, at) => (at === 0 ? `${pieces.length} ${piece}` : piece));
}

/** Half a character is not kept as it is. */
function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}

async function writePieces(kept: Kept, number: number, pieces: readonly string[]): Promise<void> {
  try {
    for (let piece = pieces.length - 1; piece >= 0; piece--) {
      await kept.put(keyOf(number, piece), pieces[piece] as string);
    }
  } catch (error) {
    await removePieces(kept, number, pieces.length).catch(() => undefined);
    throw error;
  }
}

/** Piece 0 first: without it the rest is nothing. */
async function removePieces(kept: Kept, number: number, pieces: number): Promise<void> {
  for (let piece = 0; piece < pieces; piece++) await kept.remove(keyOf(number, piece));
}

function readable(text: string): readonly Transaction[] {
  try {
    return text.split("\n").map(transactionOf);
  } catch {
    throw new StoreUnusable("What is kept on this device can't be read.");
  }
}

function keyOf(number: number, piece: number): string {
  return `${String(number).padStart(DIGITS, "0")}/${piece}`;
}

function numberOf(key: string): number {
  return Number.parseInt(key, 10);
}
