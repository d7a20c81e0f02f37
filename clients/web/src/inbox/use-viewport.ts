/** How much of a long list is in sight, in steps of a row, and how large its rows are. */

import type { RefObject } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";
import type { Measures } from "../model/layout.ts";

export interface Viewport {
  readonly top: number;
  readonly bottom: number;
  readonly measures: Measures;
}

/** Before anything was measured. */
const FIRST: Viewport = { top: 0, bottom: 900, measures: { row: 76, heading: 36 } };

function measured(scroller: HTMLElement, probe: HTMLElement): Viewport {
  const row = probe.offsetHeight || FIRST.measures.row;
  const heading = (probe.firstElementChild as HTMLElement | null)?.offsetHeight || FIRST.measures.heading;
  const height = scroller.clientHeight || FIRST.bottom;
  const top = Math.floor(scroller.scrollTop / row) * row;
  return { top, bottom: top + Math.ceil(height / row + 1) * row, measures: { row, heading } };
}

function same(a: Viewport, b: Viewport): boolean {
  return (
    a.top === b.top &&
    a.bottom === b.bottom &&
    a.measures.row === b.measures.row &&
    a.measures.heading === b.measures.heading
  );
}

/** `probe` is an unseen row that holds an unseen heading: what they measure, all rows and headings do. */
export function useViewport(
  scroller: RefObject<HTMLElement | null>,
  probe: RefObject<HTMLElement | null>,
): Viewport {
  const [viewport, see] = useState(FIRST);
  useLayoutEffect(() => {
    const element = scroller.current;
    const row = probe.current;
    if (element === null || row === null) return undefined;
    const look = () => {
      const next = measured(element, row);
      see((last) => (same(last, next) ? last : next));
    };
    look();
    element.addEventListener("scroll", look, { passive: true });
    const observer = new ResizeObserver(look);
    observer.observe(element);
    observer.observe(row);
    return () => {
      element.removeEventListener("scroll", look);
      observer.disconnect();
    };
  }, [scroller, probe]);
  return viewport;
}
