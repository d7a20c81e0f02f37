/** A field in the place of the text that it changes: Enter or going on keeps what was typed, Escape leaves the text as it was. */

import { useEffect, useRef } from "preact/hooks";

/**
 * @param onEnd hears once what was typed, null where nothing is to be kept.
 * @returns what the field takes.
 */
export function useInPlace<Field extends HTMLInputElement | HTMLTextAreaElement>(
  onEnd: (typed: string | null) => void,
) {
  const ref = useRef<Field>(null);
  const ended = useRef(false);
  useEffect(() => {
    ref.current?.focus();
    ref.current?.select();
  }, []);
  const end = (keep: boolean) => {
    if (ended.current) return;
    ended.current = true;
    onEnd(keep ? (ref.current?.value ?? null) : null);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing || (event.key !== "Enter" && event.key !== "Escape")) return;
    event.preventDefault();
    event.stopPropagation();
    end(event.key === "Enter");
  };
  return { ref, onKeyDown, onBlur: () => end(true) };
}
