/** What a person does to items: each takes effect at once, is told, and can be taken back. */

import type { Speech } from "../i18n/speech";
import { takingBack, type Undoable, UndoStack } from "../vendor/inbox";
import type { Hub, Item, Marks } from "../vendor/tongbu";

export interface Told {
  readonly text: string;
  /** Whether the latest deed can be taken back from here. */
  readonly undo: boolean;
}

export interface Deeds {
  setRead(item: Item, read: boolean): void;
  setArchived(item: Item, archived: boolean): void;
  setPinned(item: Item, pinned: boolean): void;
  /** Until when (ms); null ends it. */
  snooze(item: Item, until: number | null): void;
  remove(item: Item): void;
  readAll(): void;
  /** Takes back the latest that was not taken back yet. */
  undo(): void;
}

export function openDeeds(hub: Hub, { words, times }: Speech, tell: (told: Told) => void): Deeds {
  const ledger = hub.inbox();
  const stack = new UndoStack();
  const { done, readAll } = words.inbox;

  const offer = (text: string, deed: Undoable): void => {
    stack.push(deed);
    tell({ text, undo: true });
  };
  const mark = (item: Item, marks: Marks, text: string): void => {
    const steps = takingBack([item], marks);
    ledger.mark(item.id, marks);
    offer(text, { steps });
  };

  return {
    setRead: (item, read) => mark(item, { read }, read ? done.read : done.unread),
    setArchived: (item, archived) => mark(item, { archived }, archived ? done.archived : done.unarchived),
    setPinned: (item, pinned) => mark(item, { pinned }, pinned ? done.pinned : done.unpinned),
    snooze(item, until) {
      const text = until === null ? done.unsnoozed : done.snoozed(times.moment(until, hub.now()));
      mark(item, { snoozed: until }, text);
    },
    remove: (item) => mark(item, { deleted: true }, done.deleted),
    readAll() {
      const { unread } = ledger.counts.get();
      const items = ledger.items.get().filter((item) => item.kind === "notification" && !item.read);
      ledger.readAll();
      offer(readAll.done(unread), { steps: takingBack(items, { read: true }) });
    },
    undo() {
      const taken = stack.take();
      if (taken === null) return tell({ text: done.nothingToUndo, undo: false });
      for (const { id, marks } of taken.steps) ledger.mark(id, marks);
      tell({ text: done.undone, undo: false });
    },
  };
}
