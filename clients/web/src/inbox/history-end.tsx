/** Below the archive: what the hub keeps and this device does not. */

import type { Item } from "@tongbu/client";
import { Button } from "../parts/button.tsx";
import { useNow, usePage, useSpeech, useWords } from "../shell/context.ts";
import { useReadable } from "../shell/readable.ts";
import { timeOf } from "./group-name.ts";
import { LevelMark } from "./level-mark.tsx";

interface HistoryEndProps {
  /** Whether the list above is narrowed: then this is not offered. */
  readonly narrow: boolean;
  readonly open: string | null;
}

export function HistoryEnd({ narrow, open }: HistoryEndProps) {
  const { history } = usePage();
  const { inbox } = useWords();
  const { items, state } = useReadable(history.past);
  if (narrow) return null;
  return (
    <section class="history">
      {items.length > 0 && <h2 class="group-head">{inbox.history.heading}</h2>}
      <ul>
        {items.map((item) => (
          <li key={item.id}>
            <PastRow item={item} open={item.id === open} />
          </li>
        ))}
      </ul>
      <div class="history-foot" role="status">
        {state === "failed" && <p class="problem">{inbox.history.failed}</p>}
        {state === "end" ? (
          <p class="is-muted">{inbox.history.end}</p>
        ) : (
          <Button disabled={state === "loading"} onClick={() => void history.more()}>
            {wordFor(state, inbox.history)}
          </Button>
        )}
      </div>
    </section>
  );
}

function wordFor(
  state: "idle" | "loading" | "failed",
  words: Record<"more" | "loading" | "again", string>,
): string {
  if (state === "loading") return words.loading;
  return state === "failed" ? words.again : words.more;
}

function PastRow({ item, open }: { readonly item: Item; readonly open: boolean }) {
  const speech = useSpeech();
  const now = useNow();
  return (
    <article class={`row${open ? " is-open" : ""}`} data-id={item.id}>
      <a class="row-link" href={`/item/${item.id}`} aria-current={open ? "true" : undefined}>
        <span class="unread-mark" />
        <LevelMark item={item} />
        <span class="row-text">
          <span class="row-first">
            <span class="row-title">{item.title}</span>
            <span class="row-time">
              {timeOf({ item, list: "archived", group: "", woken: null }, now, speech)}
            </span>
          </span>
          <span class="row-second">
            {item.source !== undefined && <span class="row-source">{item.source}</span>}
            <span class="row-body">{item.body?.slice(0, 200)}</span>
          </span>
        </span>
      </a>
    </article>
  );
}
