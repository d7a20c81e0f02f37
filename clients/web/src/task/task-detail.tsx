/** All of a task. */

import type { Item } from "@tongbu/client";
import { AttachedData } from "../inbox/attached-data.tsx";
import { BodyText } from "../inbox/body-text.tsx";
import { DetailTitle } from "../inbox/detail-title.tsx";
import { LinkButton } from "../inbox/link-button.tsx";
import { Facts } from "../inbox/notification-detail.tsx";
import { Receipts } from "../inbox/receipts.tsx";
import { Tags } from "../inbox/tags.tsx";
import { TaskLine } from "./task-line.tsx";

export function TaskDetail({ item }: { readonly item: Item }) {
  return (
    <>
      <DetailTitle item={item} />
      {item.task !== null && <TaskLine state={item.task} />}
      {item.body !== undefined && <BodyText text={item.body} />}
      {item.link !== undefined && <LinkButton link={item.link} />}
      <Tags tags={item.tags ?? []} />
      {item.data !== undefined && <AttachedData data={item.data} />}
      <Receipts item={item} />
      <Facts item={item} />
    </>
  );
}
