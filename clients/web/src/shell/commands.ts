/** Keys become commands; who registered last is asked first, and whoever takes a command ends its way. */

import { useEffect, useRef } from "preact/hooks";
import { type Command, press } from "../model/keys.ts";
import { usePage } from "./context.ts";
import type { Overlay } from "./overlay.ts";

export type Handler = (command: Command) => boolean;

export interface Commands {
  listen(handler: Handler): () => void;
  run(command: Command): boolean;
}

export function openCommands(): Commands {
  const handlers: Handler[] = [];
  return {
    listen(handler) {
      handlers.push(handler);
      return () => {
        handlers.splice(handlers.indexOf(handler), 1);
      };
    },
    run: (command) => [...handlers].reverse().some((handler) => handler(command)),
  };
}

/** Take commands while the component is there. */
export function useCommands(handler: Handler): void {
  const { commands } = usePage();
  const latest = useRef(handler);
  latest.current = handler;
  useEffect(() => commands.listen((command) => latest.current(command)), [commands]);
}

const FIELDS = "input, textarea, select, [contenteditable=true], [role=textbox]";
const PRESSED_BY_ENTER = "a, button, summary";

function isWriting(target: Element): boolean {
  return target.closest(FIELDS) !== null;
}

/** Enter on a link or button means that link or button. */
function isItsOwn(event: KeyboardEvent, target: Element): boolean {
  return event.key === "Enter" && target.closest(PRESSED_BY_ENTER) !== null;
}

/** Listens to the whole window. Returns how to stop. */
export function listenToKeys(commands: Commands, overlay: Overlay): () => void {
  let begun = false;
  const onKeyDown = (event: KeyboardEvent) => {
    const target = event.target instanceof Element ? event.target : document.body;
    if (event.defaultPrevented || event.isComposing || event.altKey || isItsOwn(event, target)) return;
    if (overlay.dialog.get() !== null || overlay.menu.get() !== null) return;
    const modified = event.ctrlKey || event.metaKey;
    const pressed = press(
      { key: event.key, modified, shifted: event.shiftKey, writing: isWriting(target) },
      begun,
    );
    begun = pressed.begun;
    if (pressed.command !== null && commands.run(pressed.command)) event.preventDefault();
  };
  window.addEventListener("keydown", onKeyDown);
  return () => window.removeEventListener("keydown", onKeyDown);
}
