/** How grave an item is, or how its task stands: by shape and word, not by colour alone. */

import type { Item } from "@tongbu/client";
import { Icon } from "../parts/icon.tsx";
import { useWords } from "../shell/context.ts";
import { STATUS_ICONS } from "../task/task-line.tsx";

export function LevelMark({ item }: { readonly item: Item }) {
  const { inbox, task } = useWords();
  if (item.task !== null) {
    const { status } = item.task;
    return (
      <span class={`level-mark is-${status}`}>
        <Icon name={STATUS_ICONS[status]} label={task.status[status]} />
      </span>
    );
  }
  const level = item.level ?? "info";
  const icon = item.level === undefined ? "bell" : level;
  return (
    <span class={`level-mark is-${level}`}>
      <Icon name={icon} label={inbox.levels[level]} />
    </span>
  );
}
