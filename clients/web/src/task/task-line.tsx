/** How a task stands, in one line. */

import type { Item, Status, TaskState } from "@tongbu/client";
import { priorityName } from "../model/priorities.ts";
import { isOfProgress, isTodo } from "../model/todos.ts";
import { Icon, type IconName } from "../parts/icon.tsx";
import { useWords } from "../shell/context.ts";
import { Progress } from "./progress.tsx";
import { statusName } from "./status-name.ts";

export const STATUS_ICONS: Record<Status, IconName> = {
  queued: "queued",
  running: "play",
  paused: "pause",
  input_required: "waiting",
  succeeded: "success",
  failed: "error",
  canceled: "stop",
  expired: "snoozed",
};

interface StatusWordProps {
  readonly item: Item;
  readonly state: TaskState;
}

/** Its status, and the attempt where it isn't the first; to-dos have none to speak of. */
export function StatusWord({ item, state: { attempt, status } }: StatusWordProps) {
  const { task } = useWords();
  return (
    <>
      <span class={`status is-${status}`}>
        <Icon name={STATUS_ICONS[status]} />
        {statusName(item, task)}
      </span>
      {attempt > 1 && !isTodo(item) && <span class="attempt">{task.attempt(attempt)}</span>}
    </>
  );
}

interface TaskLineProps {
  readonly item: Item;
  readonly state: TaskState;
  /** By when, as shown; empty where nothing is said of it. */
  readonly due: string;
  readonly overdue: boolean;
}

/** Status, attempt, how far and by when; where it waits for somebody, what it asks. */
export function TaskLine({ item, state, due, overdue }: TaskLineProps) {
  const { task } = useWords();
  const asks = state.status === "input_required" && state.note !== null;
  const isOver = state.status === "succeeded" && isOfProgress(state);
  const moves = state.finishedAt === null && state.progress > 0 && !asks;
  return (
    <span class="task-line">
      <StatusWord item={item} state={state} />
      {moves && <Progress value={state.progress} status={state.status} />}
      <Urgency state={state} />
      {due !== "" && (
        <span class={`due${overdue ? " is-overdue" : ""}`}>
          <Icon name="calendar" label={overdue ? task.overdue : task.due} />
          {due}
        </span>
      )}
      {state.note !== null && !isOver && (
        <span class="task-note" dir="auto">
          {state.note}
        </span>
      )}
    </span>
  );
}

/** A flag where it is urgent and not done yet. */
function Urgency({ state }: { readonly state: TaskState }) {
  const { task } = useWords();
  const name = priorityName(state.priority);
  if (state.finishedAt !== null || (name !== "high" && name !== "urgent")) return null;
  return (
    <Icon name="flag" label={task.priorityOf(task.priorities[name])} class={`flag is-priority-${name}`} />
  );
}
