/** Where the rows of a long list lie, so that only those in sight need to exist. Lengths are CSS pixels. */

import type { Group } from "./listing.ts";

export interface Measures {
  readonly row: number;
  readonly heading: number;
}

/** One heading with the rows below it. `first` is the index of its first row in the whole list. */
export interface Section extends Group {
  readonly first: number;
  readonly top: number;
  readonly height: number;
}

export interface Layout {
  readonly sections: readonly Section[];
  readonly height: number;
  readonly measures: Measures;
}

/** A section in sight, with the indexes of its rows that are: `from` up to, not including, `to`. */
export interface Glimpse {
  readonly section: Section;
  readonly from: number;
  readonly to: number;
}

export function layOut(groups: readonly Group[], measures: Measures): Layout {
  const sections: Section[] = [];
  let top = 0;
  let first = 0;
  for (const { key, count } of groups) {
    const height = measures.heading + count * measures.row;
    sections.push({ key, count, first, top, height });
    top += height;
    first += count;
  }
  return { sections, height: top, measures };
}

/** What lies between `top` and `bottom` of the list. */
export function glimpse(layout: Layout, top: number, bottom: number): Glimpse[] {
  return layout.sections
    .filter((section) => section.top < bottom && section.top + section.height > top)
    .map((section) => rowsBetween(section, layout.measures, top, bottom));
}

function rowsBetween(section: Section, { row, heading }: Measures, top: number, bottom: number): Glimpse {
  const begin = section.top + heading;
  const from = Math.max(0, Math.floor((top - begin) / row));
  const to = Math.min(section.count, Math.ceil((bottom - begin) / row));
  return { section, from: section.first + Math.min(from, to), to: section.first + Math.max(0, to) };
}

/** The top of the row at `index`; null where there is no such row. */
export function rowTop(layout: Layout, index: number): number | null {
  const section = layout.sections.find(({ first, count }) => index >= first && index < first + count);
  if (section === undefined) return null;
  return section.top + layout.measures.heading + (index - section.first) * layout.measures.row;
}

/** How far to scroll so that the row at `index` is in sight below its heading; null where it is already. */
export function scrollToShow(
  layout: Layout,
  index: number,
  scrollTop: number,
  height: number,
): number | null {
  const top = rowTop(layout, index);
  if (top === null) return null;
  const { row, heading } = layout.measures;
  if (top - heading < scrollTop) return Math.max(0, top - heading);
  if (top + row > scrollTop + height) return top + row - height;
  return null;
}
