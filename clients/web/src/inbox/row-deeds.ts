/** What rows can do: the same functions at every drawing, so that rows that did not change are not drawn. */

import { useMemo, useRef } from "preact/hooks";
import { usePage } from "../shell/context.ts";
import type { Cursor } from "./item-commands.ts";
import type { ItemMenu } from "./item-menu.tsx";
import type { RowDeeds } from "./row.tsx";

export function useRowDeeds(cursor: Cursor, menu: ItemMenu): RowDeeds {
  const { actions } = usePage();
  const latest = useRef({ cursor, menu });
  latest.current = { cursor, menu };
  return useMemo<RowDeeds>(
    () => ({
      point: (item) => latest.current.cursor.set(item.id),
      archive: (item) => actions.setArchived(item, !item.archived),
      read: (item) => actions.setRead(item, !item.read),
      snooze: (item, anchor) => latest.current.menu.openSnooze(item, anchor),
      more: (item, anchor) => latest.current.menu.openActions(item, anchor),
    }),
    [actions],
  );
}
