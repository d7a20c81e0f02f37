import type { Item } from "@tongbu/client";
import type { ComponentChildren } from "preact";
import { Icon } from "../parts/icon.tsx";
import { useNow, useSpeech } from "../shell/context.ts";

interface DetailTitleProps {
  readonly item: Item;
  /** Beside the title. */
  readonly children?: ComponentChildren;
}

/** How grave, from where, when; and the title. */
export function DetailTitle({ item, children }: DetailTitleProps) {
  const { words, times } = useSpeech();
  const now = useNow();
  const { level } = item;
  return (
    <div class="detail-title">
      <p class="detail-over">
        {level !== undefined && (
          <span class={`level-chip is-${level}`}>
            <Icon name={level} />
            {words.inbox.levels[level]}
          </span>
        )}
        {item.source !== undefined && <span class="detail-source">{item.source}</span>}
        {item.at !== null && (
          <time class="is-muted" dateTime={new Date(item.at).toISOString()} title={times.full(item.at)}>
            {times.short(item.at, now)}
          </time>
        )}
      </p>
      <div class="detail-heading">
        <h1 id="detail-title" dir="auto">
          {item.title}
        </h1>
        {children}
      </div>
    </div>
  );
}
