import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";

/** Once `open` ended and nothing has the focus, it goes to the first button within `place`: the one that began it. */
export function useFocusBack(open: boolean, place: RefObject<HTMLElement | null>): void {
  const was = useRef(open);
  useEffect(() => {
    const ended = was.current && !open;
    was.current = open;
    const isLost = document.activeElement === null || document.activeElement === document.body;
    if (ended && isLost) place.current?.querySelector<HTMLElement>(".icon-button")?.focus();
  }, [open, place]);
}
