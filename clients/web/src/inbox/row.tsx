/** One item in a list: a link to all of it, and what is done most. */

import type { Item } from "@tongbu/client";
import { IconButton } from "../parts/button.tsx";
import { Icon } from "../parts/icon.tsx";
import { memo } from "../parts/memo.tsx";
import { useSpeech, useWords } from "../shell/context.ts";
import { TaskLine } from "../task/task-line.tsx";
import { LevelMark } from "./level-mark.tsx";
import { useSwipe } from "./use-swipe.ts";

export interface RowDeeds {
  /** The keyboard's place is here now. */
  point(item: Item): void;
  archive(item: Item): void;
  read(item: Item): void;
  snooze(item: Item, anchor: Element): void;
  more(item: Item, anchor: Element): void;
}

interface RowProps {
  readonly item: Item;
  /** As shown; a row is drawn again when it reads differently. */
  readonly time: string;
  /** Whether it came back from snooze. */
  readonly woken: boolean;
  /** Of a task: by when, as shown, and whether that is over. */
  readonly due: string;
  readonly overdue: boolean;
  readonly open: boolean;
  /** Whether the keyboard is here. */
  readonly current: boolean;
  readonly deeds: RowDeeds;
}

function lookOf({ item, open, current }: RowProps): string {
  const looks = [
    "row",
    !item.read && "is-unread",
    !item.seen && "is-new",
    open && "is-open",
    current && "is-current",
  ];
  return looks.filter(Boolean).join(" ");
}

export const Row = memo(function Row(props: RowProps) {
  const { item, time, woken, due, overdue, open, deeds } = props;
  const swipe = useSwipe((deed) => deeds[deed](item));
  return (
    <article class={lookOf(props)} data-id={item.id} {...swipe}>
      <SwipeMarks item={item} />
      <a
        class="row-link"
        href={`/item/${item.id}`}
        aria-current={open ? "true" : undefined}
        onFocus={() => deeds.point(item)}
      >
        <UnreadMark item={item} />
        <LevelMark item={item} />
        <span class="row-text">
          <span class="row-first">
            {item.pinned && <PinMark />}
            {woken && <WokenMark />}
            <span class="row-title" dir="auto">
              {item.title}
            </span>
            <RowTime item={item} time={time} />
          </span>
          <span class="row-second">
            {item.task === null ? (
              <Preview item={item} />
            ) : (
              <TaskLine item={item} state={item.task} due={due} overdue={overdue} />
            )}
          </span>
        </span>
      </a>
      <RowButtons {...props} />
    </article>
  );
});

/** Below a row that is swiped: what letting go does. */
function SwipeMarks({ item }: { readonly item: Item }) {
  return (
    <span class="swipe-marks" aria-hidden="true">
      <Icon name={item.read ? "unread" : "read"} />
      <Icon name={item.archived ? "unarchive" : "archived"} />
    </span>
  );
}

function UnreadMark({ item }: { readonly item: Item }) {
  const { inbox } = useWords();
  if (item.read) return <span class="unread-mark" />;
  return <span class="unread-mark" role="img" aria-label={item.seen ? inbox.unread : inbox.unseen} />;
}

function PinMark() {
  const { inbox } = useWords();
  return <Icon name="pin" label={inbox.pinned} class="pin-mark" />;
}

function WokenMark() {
  const { inbox } = useWords();
  return (
    <span class="woken-mark" title={inbox.woken}>
      <Icon name="snoozed" label={inbox.woken} />
    </span>
  );
}

function RowTime({ item, time }: { readonly item: Item; readonly time: string }) {
  const { times, words } = useSpeech();
  const unsaved = item.durability === "local";
  return (
    <span class="row-time">
      {unsaved && <Icon name="local" label={words.inbox.durability.local} class="local-mark" />}
      {item.at !== null && (
        <time dateTime={new Date(item.at).toISOString()} title={times.full(item.at)}>
          {time}
        </time>
      )}
    </span>
  );
}

/** Where it is from, and how it begins. */
function Preview({ item }: { readonly item: Item }) {
  return (
    <>
      {item.source !== undefined && <span class="row-source">{item.source}</span>}
      {item.body !== undefined && (
        <span class="row-body" dir="auto">
          {item.body.slice(0, 200)}
        </span>
      )}
      {item.tags?.slice(0, 2).map((tag) => (
        <span key={tag} class="tag">
          {tag}
        </span>
      ))}
    </>
  );
}

function RowButtons({ item, current, deeds }: RowProps) {
  const names = useWords().inbox.actions;
  return (
    <div class="row-buttons">
      <IconButton
        class="only-hover"
        icon={item.archived ? "unarchive" : "archived"}
        label={item.archived ? names.unarchive : names.archive}
        shortcut="e"
        skipped={!current}
        onClick={() => deeds.archive(item)}
      />
      <IconButton
        class="only-hover"
        icon="snoozed"
        label={names.snooze}
        shortcut="s"
        skipped={!current}
        onClick={({ currentTarget }) => deeds.snooze(item, currentTarget)}
      />
      <IconButton
        class="only-hover"
        icon={item.read ? "unread" : "read"}
        label={item.read ? names.unread : names.read}
        shortcut="r"
        skipped={!current}
        onClick={() => deeds.read(item)}
      />
      <IconButton
        icon="more"
        label={names.more}
        skipped={!current}
        onClick={({ currentTarget }) => deeds.more(item, currentTarget)}
      />
    </div>
  );
}
