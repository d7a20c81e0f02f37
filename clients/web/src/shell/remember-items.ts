import type { Page } from "./context.ts";

/**
 * Remembers of items what passes while the page is open: how attempts ended, and what sleeps. A change costs what it
 * touches. Returns how to stop.
 */
export function rememberItems({ attemptEnds, ledger, waking }: Page): () => void {
  const noteAll = () => {
    for (const item of ledger.items.get()) waking.note(item);
  };
  noteAll();
  return ledger.watch((changed) => {
    if (changed === "all") return noteAll();
    for (const id of changed) {
      const item = ledger.get(id);
      if (item === null) continue;
      attemptEnds.note(item);
      waking.note(item);
    }
  });
}
