/** All of a notification. */

import type { Item } from "@tongbu/client";
import { isTodo } from "../model/todos.ts";
import { useNow, useSpeech } from "../shell/context.ts";
import { AttachedData } from "./attached-data.tsx";
import { Author } from "./author.tsx";
import { BodyText } from "./body-text.tsx";
import { DetailTitle } from "./detail-title.tsx";
import { DurabilityMark } from "./durability-mark.tsx";
import { LinkButton } from "./link-button.tsx";
import { Receipts } from "./receipts.tsx";
import { Tags } from "./tags.tsx";

export function NotificationDetail({ item }: { readonly item: Item }) {
  return (
    <>
      <DetailTitle item={item} />
      {item.body !== undefined && <BodyText text={item.body} />}
      {item.link !== undefined && <LinkButton link={item.link} />}
      <Tags tags={item.tags ?? []} />
      {item.data !== undefined && <AttachedData data={item.data} />}
      <Receipts item={item} />
      <Facts item={item} />
    </>
  );
}

/** Who said it, when, and where it stands. */
export function Facts({ item }: { readonly item: Item }) {
  const { words, times } = useSpeech();
  const now = useNow();
  const { detail } = words.inbox;
  return (
    <dl class="facts">
      {item.by !== null && (
        <>
          <dt>{detail.by}</dt>
          <dd>
            <Author by={item.by} />
          </dd>
        </>
      )}
      <dt>{isTodo(item) ? detail.created : detail.at}</dt>
      <dd>
        {item.at === null ? (
          detail.notSaved
        ) : (
          <time title={times.full(item.at)}>{times.moment(item.at, now)}</time>
        )}
      </dd>
      {item.snoozed !== null && (
        <>
          <dt>{words.inbox.actions.snooze}</dt>
          <dd>{words.inbox.snooze.until(times.moment(item.snoozed, now))}</dd>
        </>
      )}
      <dt>{detail.state}</dt>
      <dd>
        <DurabilityMark durability={item.durability} />
      </dd>
    </dl>
  );
}
