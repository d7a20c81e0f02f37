/** The rows of a list, of which only those in sight exist. */

import type { ComponentChildren } from "preact";
import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { isOverdue } from "../model/due.ts";
import { type Glimpse, glimpse, layOut, scrollToShow } from "../model/layout.ts";
import type { Listing } from "../model/listing.ts";
import type { ListName } from "../model/views.ts";
import { useNow, usePage, useSpeech } from "../shell/context.ts";
import { dueOf, groupName, timeOf } from "./group-name.ts";
import type { Cursor } from "./item-commands.ts";
import { useItemMenu } from "./item-menu.tsx";
import { Row, type RowDeeds } from "./row.tsx";
import { useRowDeeds } from "./row-deeds.ts";
import { useSeen } from "./use-seen.ts";
import { useViewport } from "./use-viewport.ts";

/** How many rows beyond each edge are drawn, so that scrolling finds them there. */
const OVERSCAN = 5;

interface ItemListProps {
  readonly list: ListName;
  readonly listing: Listing;
  readonly open: string | null;
  readonly cursor: Cursor;
  /** In place of rows where there are none. */
  readonly empty: ComponentChildren;
  /** After the last row. */
  readonly end: ComponentChildren;
}

export function ItemList({ list, listing, open, cursor, empty, end }: ItemListProps) {
  const { words } = useSpeech();
  const scroller = useRef<HTMLDivElement>(null);
  const probe = useRef<HTMLDivElement>(null);
  const viewport = useViewport(scroller, probe);
  const { measures } = viewport;
  const layout = layOut(listing.groups, measures);
  const deeds = useRowDeeds(cursor, useItemMenu());
  const beyond = OVERSCAN * measures.row;
  const parts = glimpse(layout, viewport.top - beyond, viewport.bottom + beyond);

  useSeen(scroller, listing, glimpse(layout, viewport.top, viewport.bottom));
  useLayoutEffect(() => follow(cursor, scroller.current, listing, layout));

  return (
    <div ref={scroller} class="list-scroller">
      <div ref={probe} class="row-probe" aria-hidden="true">
        <div class="heading-probe" />
      </div>
      {listing.size === 0 ? (
        empty
      ) : (
        <ul class="list" aria-label={words.shell.lists[list]} style={{ height: `${layout.height}px` }}>
          {parts.map((part) => (
            <Group
              key={part.section.key}
              part={part}
              listing={listing}
              row={measures.row}
              open={open}
              cursor={cursor.id}
              list={list}
              deeds={deeds}
            />
          ))}
        </ul>
      )}
      {end}
    </div>
  );
}

/** Brings the row that the keyboard went to into sight, and the focus to it once it is drawn. */
function follow(
  cursor: Cursor,
  scroller: HTMLElement | null,
  listing: Listing,
  layout: ReturnType<typeof layOut>,
): void {
  if (!cursor.wanted.current || cursor.id === null || scroller === null) return;
  const to = scrollToShow(layout, listing.indexOf(cursor.id), scroller.scrollTop, scroller.clientHeight);
  if (to !== null) scroller.scrollTop = to;
  const link = scroller.querySelector<HTMLElement>(`[data-id="${CSS.escape(cursor.id)}"] .row-link`);
  if (link === null) return;
  cursor.wanted.current = false;
  link.focus({ preventScroll: true });
}

interface GroupProps {
  readonly part: Glimpse;
  readonly listing: Listing;
  /** Height of a row, px. */
  readonly row: number;
  readonly open: string | null;
  readonly cursor: string | null;
  readonly list: ListName;
  readonly deeds: RowDeeds;
}

function Group({ part, listing, row, open, cursor, list, deeds }: GroupProps) {
  const speech = useSpeech();
  const now = useNow();
  const { waking } = usePage();
  const { section, from, to } = part;
  const name = groupName(section.key, now, speech);
  const rows = useMemo(() => Array.from({ length: to - from }, (_, step) => from + step), [from, to]);
  return (
    <li class="group" style={{ top: `${section.top}px`, height: `${section.height}px` }}>
      <h2 class="group-head">
        {name}
        <span class="group-size" aria-hidden="true">
          {section.count}
        </span>
      </h2>
      <ul class="group-rows" aria-label={name}>
        {rows.map((index) => {
          const item = listing.at(index);
          if (item === undefined) return null;
          const woken = waking.wokenAt(item);
          const place = index - section.first;
          return (
            <li
              key={item.id}
              class="row-place"
              style={{ top: `${place * row}px` }}
              aria-setsize={section.count}
              aria-posinset={place + 1}
            >
              <Row
                item={item}
                time={timeOf({ item, list, group: section.key, woken }, now, speech)}
                woken={list === "inbox" && woken !== null}
                due={dueOf(item, now, speech)}
                overdue={item.task !== null && isOverdue(item.task, now)}
                open={item.id === open}
                current={item.id === cursor}
                deeds={deeds}
              />
            </li>
          );
        })}
      </ul>
    </li>
  );
}
