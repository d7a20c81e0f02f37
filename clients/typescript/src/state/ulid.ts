/** ULIDs: 48 bits of milliseconds and 80 random bits in Crockford's base 32, 26 characters, sorted by time. */

import type { Surroundings } from "../ports.js";

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** An id nobody else makes; `now` in ms. */
export function newUlid(now: number, random: Surroundings["random"]): string {
  let text = "";
  for (let rest = now, digits = 0; digits < 10; digits++) {
    text = ALPHABET.charAt(rest % 32) + text;
    rest = Math.floor(rest / 32);
  }
  for (const byte of random(16)) text += ALPHABET.charAt(byte & 31);
  return text;
}
