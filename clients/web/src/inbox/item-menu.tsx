/** Everything that can be done to one item. */

import type { Item } from "@tongbu/client";
import { type Page, usePage, useSpeech } from "../shell/context.ts";
import type { MenuEntry } from "../shell/overlay.ts";
import { taskEntries } from "../task/task-menu.tsx";
import type { Words } from "../words/en.ts";
import { openSnoozeMenu } from "./snooze.tsx";

export interface ItemMenu {
  openActions(item: Item, anchor: Element): void;
  openSnooze(item: Item, anchor: Element): void;
}

export function useItemMenu(): ItemMenu {
  const page = usePage();
  const speech = useSpeech();
  const openSnooze = (item: Item, anchor: Element) => openSnoozeMenu(page, speech, item, anchor);
  return {
    openSnooze,
    openActions(item, anchor) {
      const own = taskEntries(page, speech.words.task, item);
      const marks = markEntries(page, speech.words.inbox, item, () => openSnooze(item, anchor));
      const entries = [
        ...own,
        ...marks.map((entry, index) => ({ ...entry, divided: index === 0 && own.length > 0 })),
      ];
      page.overlay.menu.set({ title: speech.words.inbox.actions.more, entries, anchor });
    },
  };
}

function markEntries(
  { actions }: Page,
  words: Words["inbox"],
  item: Item,
  openSnooze: () => void,
): readonly MenuEntry[] {
  const names = words.actions;
  return [
    {
      label: item.read ? names.unread : names.read,
      icon: item.read ? "unread" : "read",
      shortcut: "r",
      run: () => actions.setRead(item, !item.read),
    },
    { label: names.snooze, icon: "snoozed", shortcut: "s", run: openSnooze },
    {
      label: item.pinned ? names.unpin : names.pin,
      icon: "pin",
      shortcut: "p",
      run: () => actions.setPinned(item, !item.pinned),
    },
    {
      label: item.archived ? names.unarchive : names.archive,
      icon: item.archived ? "unarchive" : "archived",
      shortcut: "e",
      run: () => actions.setArchived(item, !item.archived),
    },
    { label: names.delete, icon: "trash", shortcut: "#", danger: true, run: () => actions.remove(item) },
  ];
}
