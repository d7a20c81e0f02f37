/** Addresses within plain text, so that they can be followed; everything else stays text. */

export interface Segment {
  readonly text: string;
  /** An http or https address; absent in plain text. */
  readonly href?: string;
}

const ADDRESS = /https?:\/\/[^\s<>"'`\u3000-\u303f\uff00-\uffef]+/giu;
const TRAILING = /[.,;:!?*_~]+$/u;

/** The address, where it is one that may be followed; null for `javascript:` and all else. */
export function safeAddress(text: string): string | null {
  try {
    const url = new URL(text);
    return url.protocol === "http:" || url.protocol === "https:" ? url.href : null;
  } catch {
    return null;
  }
}

/** Leaves out what ends the sentence rather than the address, and a bracket that was opened before it. */
function trimmed(match: string): string {
  const text = match.replace(TRAILING, "");
  const unopened = text.endsWith(")") && text.split(")").length > text.split("(").length;
  return unopened ? trimmed(text.slice(0, -1)) : text;
}

export function segmentsOf(text: string): readonly Segment[] {
  const segments: Segment[] = [];
  let end = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const address = trimmed(match[0]);
    const href = safeAddress(address);
    if (href === null) continue;
    if (match.index > end) segments.push({ text: text.slice(end, match.index) });
    segments.push({ text: address, href });
    end = match.index + address.length;
  }
  if (end < text.length) segments.push({ text: text.slice(end) });
  return segments;
}
