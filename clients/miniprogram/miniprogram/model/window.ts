/** Which rows of a long list exist: those in sight and some beyond. Above and below them stands empty room of their height. */
import { type Glimpse, glimpse, type Layout } from "../vendor/inbox";

/** A heading by its group, or a row by its index in the whole list. */
export type Line = { readonly heading: string } | { readonly index: number };

export interface Window {
  readonly lines: readonly Line[];
  /** Pixels above and below. */
  readonly above: number;
  readonly below: number;
  /** What of the list is covered, in pixels. */
  readonly top: number;
  readonly bottom: number;
}

/** The lines within `margin` heights of the view around it. */
export function windowAt(layout: Layout, scrollTop: number, height: number, margin = 1.5): Window {
  const last = Math.max(0, layout.height - height);
  const view = Math.min(Math.max(0, scrollTop), last);
  const top = Math.max(0, view - margin * height);
  const bottom = view + (1 + margin) * height;
  const glimpses = glimpse(layout, top, bottom);
  const [first] = glimpses;
  if (first === undefined) return { lines: [], above: 0, below: 0, top: 0, bottom };
  const above = startOf(first, layout, top);
  const end = Math.max(above, ...glimpses.map((each) => endOf(each, layout)));
  const lines = glimpses.flatMap((each) => linesOf(each, layout, top));
  const atEnd = end >= layout.height;
  return { lines, above, below: layout.height - end, top: above, bottom: atEnd ? Infinity : end };
}

/** Whether the view has come so near an edge that another window is due. */
export function isOutside({ top, bottom }: Window, scrollTop: number, height: number): boolean {
  const near = height / 2;
  return (top > 0 && scrollTop - near < top) || scrollTop + height + near > bottom;
}

function showsHeading({ section }: Glimpse, { measures }: Layout, top: number): boolean {
  return section.top + measures.heading > top;
}

function startOf(each: Glimpse, layout: Layout, top: number): number {
  const { section, from } = each;
  if (showsHeading(each, layout, top)) return section.top;
  return section.top + layout.measures.heading + (from - section.first) * layout.measures.row;
}

function endOf({ section, to }: Glimpse, { measures }: Layout): number {
  return section.top + measures.heading + (to - section.first) * measures.row;
}

function linesOf(each: Glimpse, layout: Layout, top: number): Line[] {
  const rows = Array.from({ length: each.to - each.from }, (_, place) => ({ index: each.from + place }));
  return showsHeading(each, layout, top) ? [{ heading: each.section.key }, ...rows] : rows;
}
