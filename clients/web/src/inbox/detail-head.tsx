/** Above an open item: back, and what can be done to it. */

import type { Item } from "@tongbu/client";
import { IconButton } from "../parts/button.tsx";
import { usePage, useWords } from "../shell/context.ts";
import { useItemMenu } from "./item-menu.tsx";

export function DetailHead({ item }: { readonly item: Item }) {
  const { actions, router } = usePage();
  const { inbox, shell } = useWords();
  const menu = useItemMenu();
  const names = inbox.actions;
  const leave = (act: () => void) => {
    act();
    router.go({}, { replace: true });
  };
  return (
    <header class="detail-head">
      <IconButton icon="back" label={shell.back} class="only-narrow" onClick={() => router.back()} />
      <IconButton
        icon="close"
        label={shell.close}
        shortcut="Esc"
        class="only-beside"
        onClick={() => router.go({})}
      />
      <span class="is-spacer" />
      <IconButton
        icon={item.archived ? "unarchive" : "archived"}
        label={item.archived ? names.unarchive : names.archive}
        shortcut="e"
        onClick={() => leave(() => actions.setArchived(item, !item.archived))}
      />
      <IconButton
        icon="snoozed"
        label={names.snooze}
        shortcut="s"
        action="snooze"
        onClick={({ currentTarget }) => menu.openSnooze(item, currentTarget)}
      />
      <IconButton
        icon="pin"
        label={item.pinned ? names.unpin : names.pin}
        shortcut="p"
        pressed={item.pinned}
        onClick={() => actions.setPinned(item, !item.pinned)}
      />
      <IconButton
        icon={item.read ? "unread" : "read"}
        label={item.read ? names.unread : names.read}
        shortcut="r"
        onClick={() => actions.setRead(item, !item.read)}
      />
      <IconButton
        icon="trash"
        label={names.delete}
        shortcut="#"
        onClick={() => leave(() => actions.remove(item))}
      />
      <IconButton
        icon="more"
        label={names.more}
        onClick={({ currentTarget }) => menu.openActions(item, currentTarget)}
      />
    </header>
  );
}
