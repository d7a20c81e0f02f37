/** All of a task. */

import type { Item } from "@tongbu/client";
import { AttachedData } from "../inbox/attached-data.tsx";
import { LinkButton } from "../inbox/link-button.tsx";
import { Facts } from "../inbox/notification-detail.tsx";
import { Receipts } from "../inbox/receipts.tsx";
import { Tags } from "../inbox/tags.tsx";
import { Button } from "../parts/button.tsx";
import { usePage, useWords } from "../shell/context.ts";
import { TaskBody } from "./task-body.tsx";
import { taskEntries } from "./task-menu.tsx";
import { TaskPlan } from "./task-plan.tsx";
import { Attempts, TaskStanding } from "./task-state.tsx";
import { TaskTitle } from "./task-title.tsx";
import { Together } from "./together.tsx";

/** What can be done to it, as buttons. */
function Deeds({ item }: { readonly item: Item }) {
  const page = usePage();
  const { task } = useWords();
  return (
    <div class="deeds">
      {taskEntries(page, task, item).map(({ label, icon, run }) => (
        <Button key={label} {...(icon !== undefined && { icon })} onClick={run}>
          {label}
        </Button>
      ))}
    </div>
  );
}

export function TaskDetail({ item }: { readonly item: Item }) {
  return (
    <>
      <TaskTitle item={item} />
      {item.task !== null && <TaskStanding item={item} state={item.task} />}
      <Deeds item={item} />
      {item.task !== null && <TaskPlan item={item} state={item.task} />}
      <TaskBody item={item} />
      {item.link !== undefined && <LinkButton link={item.link} />}
      <Tags tags={item.tags ?? []} />
      <Together item={item} />
      {item.task !== null && <Attempts item={item} state={item.task} />}
      {item.data !== undefined && <AttachedData data={item.data} />}
      <Receipts item={item} />
      <Facts item={item} />
    </>
  );
}
