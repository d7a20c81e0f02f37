/** One line at the foot of the page that says what was done, and takes it back. Waits while somebody looks at it. */

import { useEffect, useState } from "preact/hooks";
import { usePage, useWords } from "../shell/context.ts";
import { useReadable } from "../shell/readable.ts";
import { IconButton } from "./button.tsx";

/** How long (ms) it stays; with something to press, longer. */
const STAYS = 5000;
const STAYS_WITH_ACTION = 9000;

export function ToastHost() {
  const { overlay } = usePage();
  const words = useWords();
  const toast = useReadable(overlay.toast);
  const [held, hold] = useState(false);
  useEffect(() => {
    if (toast === null || held) return undefined;
    const stays = toast.action === undefined ? STAYS : STAYS_WITH_ACTION;
    const timer = setTimeout(() => overlay.toast.set(null), stays);
    return () => clearTimeout(timer);
  }, [toast, held, overlay]);
  const close = () => {
    hold(false);
    overlay.toast.set(null);
  };
  return (
    <div class="toast-place" role="status">
      {toast !== null && (
        // biome-ignore lint/a11y/noStaticElementInteractions: hovering only makes it stay
        <div
          key={toast.text}
          class={`toast is-${toast.tone ?? "plain"}`}
          onMouseEnter={() => hold(true)}
          onMouseLeave={() => hold(false)}
          onFocusCapture={() => hold(true)}
          onBlurCapture={() => hold(false)}
        >
          <span class="toast-text">{toast.text}</span>
          {toast.action !== undefined && (
            <button type="button" class="toast-action" aria-keyshortcuts="z" onClick={toast.action.run}>
              {toast.action.label}
            </button>
          )}
          <IconButton icon="close" label={words.shell.close} onClick={close} />
        </div>
      )}
    </div>
  );
}
