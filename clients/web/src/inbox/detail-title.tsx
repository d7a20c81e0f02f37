import type { Item } from "@tongbu/client";
import { Icon } from "../parts/icon.tsx";
import { useNow, useSpeech } from "../shell/context.ts";

/** How grave, from where, when; and the title. */
export function DetailTitle({ item }: { readonly item: Item }) {
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
      <h1 id="detail-title">{item.title}</h1>
    </div>
  );
}
