/** Swiping a row with a finger. The row follows it by its style alone, so that nothing is drawn anew meanwhile. */

import { useRef } from "preact/hooks";
import { courseOf, type Swipe, sideOf, swiped } from "../model/swipe.ts";

export interface SwipeHandlers {
  readonly onPointerDown: (event: PointerEvent) => void;
  readonly onPointerMove: (event: PointerEvent) => void;
  readonly onPointerUp: (event: PointerEvent) => void;
  readonly onPointerCancel: () => void;
  readonly onClickCapture: (event: Event) => void;
}

interface Touch {
  readonly row: HTMLElement;
  readonly id: number;
  readonly x: number;
  readonly y: number;
  readonly swipes: boolean;
}

/** @param act what was swiped, once the finger is gone. */
export function useSwipe(act: (swipe: Swipe) => void): SwipeHandlers {
  const touch = useRef<Touch | null>(null);
  const swallows = useRef(false);
  const end = () => {
    const { row } = touch.current ?? {};
    touch.current = null;
    if (row === undefined) return;
    delete row.dataset.swipe;
    delete row.dataset.far;
    row.style.removeProperty("--swipe");
  };
  const follow = (row: HTMLElement, x: number) => {
    row.dataset.swipe = sideOf(x);
    row.dataset.far = String(swiped(x, row.offsetWidth) !== null);
    row.style.setProperty("--swipe", `${x}px`);
  };
  return {
    onPointerDown({ currentTarget, pointerType, pointerId, isPrimary, clientX, clientY }) {
      swallows.current = false;
      if (pointerType !== "touch" || !isPrimary || !(currentTarget instanceof HTMLElement)) return;
      touch.current = { row: currentTarget, id: pointerId, x: clientX, y: clientY, swipes: false };
    },
    onPointerMove({ pointerId, clientX, clientY }) {
      const held = touch.current;
      if (held === null || held.id !== pointerId) return;
      const x = clientX - held.x;
      const course = held.swipes ? "swipes" : courseOf(x, clientY - held.y);
      if (course === "scrolls") return end();
      if (course !== "swipes") return undefined;
      if (!held.swipes) held.row.setPointerCapture?.(pointerId);
      touch.current = { ...held, swipes: true };
      return follow(held.row, x);
    },
    onPointerUp({ pointerId, clientX }) {
      const held = touch.current;
      if (held === null || held.id !== pointerId) return;
      swallows.current = held.swipes;
      const deed = held.swipes ? swiped(clientX - held.x, held.row.offsetWidth) : null;
      end();
      if (deed !== null) act(deed);
    },
    onPointerCancel: end,
    /** A finger that swiped opens nothing. */
    onClickCapture(event) {
      if (!swallows.current) return;
      swallows.current = false;
      event.preventDefault();
      event.stopPropagation();
    },
  };
}
