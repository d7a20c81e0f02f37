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

/** Of text that `toBase64` made. */
export function fromBase64(text: string): Uint8Array {
  const letters = text.replace(/=+$/, "");
  const bytes = new Uint8Array(Math.floor((letters.length * 3) / 4));
  let bits = 0;
  for (let at = 0, filled = 0; at < letters.length; at++) {
    bits = ((bits << 6) | ALPHABET.indexOf(letters.charAt(at))) & 0xffffff;
    const used = (at % 4) * 2;
    if (used > 0) bytes[filled++] = (bits >> (6 - used)) & 255;
  }
  return bytes;
}
