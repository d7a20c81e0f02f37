/** Base64 (RFC 4648, standard alphabet, padded), for platforms without `btoa`. */

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

export function toBase64(bytes: Uint8Array): string {
  const groups: string[] = [];
  for (let at = 0; at < bytes.length; at += 3) {
    const [first = 0, second = 0, third = 0] = bytes.subarray(at, at + 3);
    const bits = (first << 16) | (second << 8) | third;
    groups.push([18, 12, 6, 0].map((shift) => ALPHABET[(bits >> shift) & 63]).join(""));
  }
  const missing = (3 - (bytes.length % 3)) % 3;
  const text = groups.join("");
  return missing === 0 ? text : text.slice(0, -missing) + "=".repeat(missing);
}

/** The digit of a character code, of the standard or the URL-safe alphabet; negative where it is none. */
function digitOf(code: number): number {
  if (code === 45 || code === 43) return 62;
  if (code === 47 || code === 95) return 63;
  if (code > 96) return code - 71;
  if (code > 64) return code - 65;
  return code === 61 ? -1 : code + 4;
}

/** Of text that `toBase64` made, or that is URL-safe. */
export function fromBase64(text: string): Uint8Array {
  const bytes: number[] = [];
  let bits = 0;
  let held = 0;
  for (const letter of text) {
    const digit = digitOf(letter.charCodeAt(0));
    if (digit < 0) break;
    bits = ((bits << 6) | digit) & 0xffff;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes.push((bits >> held) & 255);
  }
  return Uint8Array.from(bytes);
}
