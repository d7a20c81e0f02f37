/** Addresses within plain text, so that they can be followed; everything else stays text. */

export interface Segment {
  readonly text: string;
  /** An http or https address; absent in plain text. */
  readonly href?: string;
}

/** Characters of an address: as many as an item's own link may have. What is longer stays text. */
const MOST = 2048;
/** Some characters more than an address may have, so that a longer one is told from one that just fits. */
const ADDRESS = /https?:\/\/[^\s<>"'`\u3000-\u303f\uff00-\uffef]{1,2042}/giu;
const TRAILING = ".,;:!?*_~";

/**
 * The address, where it is one that may be followed; null for `javascript:` and all else. Of one that leads to `origin`,
 * where the page itself is, the fragment is left out: there it may sign somebody in.
 */
export function safeAddress(text: string, origin: string): string | null {
  try {
    const url = new URL(text);
    if (url.protocol !== "http:" && url.protocol !== "https:") return null;
    if (url.origin === origin) url.hash = "";
    return url.href;
  } catch {
    return null;
  }
}

function count(text: string, character: string): number {
  let found = 0;
  for (let at = text.indexOf(character); at >= 0; at = text.indexOf(character, at + 1)) found += 1;
  return found;
}

/** Leaves out what ends the sentence rather than the address, and a bracket that was opened before it. */
function trimmed(match: string): string {
  let unopened = count(match, ")") - count(match, "(");
  let end = match.length;
  for (; end > 0; end--) {
    const last = match.charAt(end - 1);
    if (last === ")" && unopened > 0) unopened -= 1;
    else if (!TRAILING.includes(last)) break;
  }
  return match.slice(0, end);
}

export function segmentsOf(text: string, origin: string): readonly Segment[] {
  const segments: Segment[] = [];
  let end = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const address = trimmed(match[0]);
    const href = match[0].length > MOST ? null : safeAddress(address, origin);
    if (href === null) continue;
    if (match.index > end) segments.push({ text: text.slice(end, match.index) });
    segments.push({ text: address, href });
    end = match.index + address.length;
  }
  if (end < text.length) segments.push({ text: text.slice(end) });
  return segments;
}
