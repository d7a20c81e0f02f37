/** What a person does to items: each takes effect at once, is told in a toast, and can be taken back. */

import type { Hub, Item, Ledger, Marks, Readable } from "@tongbu/client";
import { takingBack, type Undoable, UndoStack } from "../model/undo.ts";
import { Value } from "../model/value.ts";
import { isInInbox } from "../model/views.ts";
import type { Attempt } from "./attempt.ts";
import type { Speech } from "./context.ts";
import type { Overlay } from "./overlay.ts";

export interface Actions {
  setRead(item: Item, read: boolean): void;
  setArchived(item: Item, archived: boolean): void;
  setPinned(item: Item, pinned: boolean): void;
  /** Until when (ms); null ends it. */
  snooze(item: Item, until: number | null): void;
  remove(item: Item): void;
  /** All notifications that are here now, by one statement, and each unread task of the inbox by its own. Taking it back states each that was unread so once more. */
  readAll(): void;
  /** Takes back the latest action that was not taken back yet. */
  undo(): void;
  /** The item that was brought back last; null before, and where it was several. A new object each time. */
  readonly broughtBack: Readable<{ readonly id: string } | null>;
}

interface Doing {
  readonly hub: Hub;
  readonly ledger: Ledger;
  readonly overlay: Overlay;
  readonly attempt: Attempt;
  readonly speech: () => Speech;
}

export function openActions({ hub, ledger, overlay, attempt, speech }: Doing): Actions {
  const stack = new UndoStack();
  const broughtBack = new Value<{ readonly id: string } | null>(null);
  const done = () => speech().words.inbox.done;
  const tell = (text: string) => overlay.toast.set({ text });

  const undo = (action?: Undoable) => {
    const taken = stack.take(action);
    if (taken === null) return tell(done().nothingToUndo);
    const said = attempt(() => taken.steps.map(({ id, marks }) => ledger.mark(id, marks)));
    if (said === null) return;
    tell(done().undone);
    const [first, second] = taken.steps;
    broughtBack.set(first === undefined || second !== undefined ? null : { id: first.id });
  };
  const offer = (text: string, action: Undoable) => {
    stack.push(action);
    overlay.toast.set({ text, action: { label: speech().words.inbox.undo, run: () => undo(action) } });
  };
  const mark = (item: Item, marks: Marks, text: string) => {
    const steps = takingBack([item], marks);
    if (attempt(() => ledger.mark(item.id, marks)) !== null) offer(text, { steps });
  };

  return {
    setRead: (item, read) => mark(item, { read }, read ? done().read : done().unread),
    setArchived: (item, archived) => mark(item, { archived }, archived ? done().archived : done().unarchived),
    setPinned: (item, pinned) => mark(item, { pinned }, pinned ? done().pinned : done().unpinned),
    snooze(item, until) {
      const { words, times } = speech();
      const text =
        until === null
          ? words.inbox.done.unsnoozed
          : words.inbox.done.snoozed(times.moment(until, hub.now()));
      mark(item, { snoozed: until }, text);
    },
    remove: (item) => mark(item, { deleted: true }, done().deleted),
    readAll() {
      const unread = ledger.items.get().filter((item) => !item.read);
      const counted = unread.filter(isInInbox).length;
      const tasks = unread.filter((item) => item.kind === "task" && isInInbox(item));
      const said = attempt(() => {
        ledger.readAll();
        for (const { id } of tasks) ledger.mark(id, { read: true });
      });
      if (said === null) return;
      const steps = takingBack([...unread.filter(({ kind }) => kind === "notification"), ...tasks], {
        read: true,
      });
      offer(speech().words.inbox.readAll.done(counted), { steps });
    },
    undo: () => undo(),
    broughtBack,
  };
}
