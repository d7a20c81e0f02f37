/** Moving an entry by its handle with a mouse, a pen or a finger. */

import { useRef, useState } from "preact/hooks";

export interface Drag {
  begin(event: PointerEvent, index: number): void;
  /** Classes of an entry: the one that is moved, and where it would go. */
  lookOf(index: number): string;
}

interface Moving {
  readonly from: number;
  readonly to: number;
}

/** How many of the other lines a pointer at `y` (of the window) has passed: where the line it holds would stand. */
export function placeAmong(
  others: readonly { readonly top: number; readonly bottom: number }[],
  y: number,
): number {
  return others.filter(({ top, bottom }) => y > (top + bottom) / 2).length;
}

export function useDrag(
  list: { readonly current: HTMLElement | null },
  move: (from: number, to: number) => void,
): Drag {
  const [moving, setMoving] = useState<Moving | null>(null);
  const latest = useRef(move);
  latest.current = move;
  const begin = (event: PointerEvent, from: number) => {
    const handle = event.currentTarget;
    if (!(handle instanceof HTMLElement) || event.button !== 0) return;
    handle.setPointerCapture?.(event.pointerId);
    let to = from;
    const onMove = ({ clientY }: PointerEvent) => {
      const lines = [...(list.current?.children ?? [])].map((line) => line.getBoundingClientRect());
      const others = lines.filter((_, index) => index !== from);
      to = placeAmong(others, clientY);
      setMoving({ from, to });
    };
    const end = () => {
      handle.removeEventListener("pointermove", onMove);
      setMoving(null);
    };
    const onUp = () => {
      end();
      if (to !== from) latest.current(from, to);
    };
    handle.addEventListener("pointermove", onMove);
    handle.addEventListener("pointerup", onUp, { once: true });
    handle.addEventListener("pointercancel", end, { once: true });
  };
  return { begin, lookOf: (index) => lookOf(moving, index) };
}

function lookOf(moving: Moving | null, index: number): string {
  if (moving === null || moving.from === moving.to) return moving?.from === index ? " is-moved" : "";
  if (index === moving.from) return " is-moved";
  if (index !== moving.to) return "";
  return moving.to < moving.from ? " is-before" : " is-after";
}
