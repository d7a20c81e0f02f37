/** Seen means seen: an item counts once it has been before a person's eyes for a moment. */

export interface SeenWatch {
  /** The unseen items that are before a person's eyes now; none while the page is hidden. */
  look(ids: readonly string[]): void;
  stop(): void;
}

/** For how long (ms) an item must stay in sight. */
export const DWELL = 900;

/**
 * Calls `seen` with those that stayed in sight for `dwell`. `after` runs once after so many ms and returns how to
 * call it off.
 */
export function watchSeen(
  seen: (ids: readonly string[]) => void,
  after: (delay: number, run: () => void) => () => void,
  dwell: number = DWELL,
): SeenWatch {
  const waiting = new Map<string, () => void>();
  const leave = (id: string) => {
    waiting.get(id)?.();
    waiting.delete(id);
  };
  const arrive = (id: string) => {
    const stop = after(dwell, () => {
      waiting.delete(id);
      seen([id]);
    });
    waiting.set(id, stop);
  };
  return {
    look(ids) {
      const now = new Set(ids);
      for (const id of [...waiting.keys()]) if (!now.has(id)) leave(id);
      for (const id of now) if (!waiting.has(id)) arrive(id);
    },
    stop() {
      for (const id of [...waiting.keys()]) leave(id);
    },
  };
}
