/** How a task stands, in one line. */

import type { Status, TaskState } from "@tongbu/client";
import { priorityName } from "../model/priorities.ts";
import { Icon, type IconName } from "../parts/icon.tsx";
import { useWords } from "../shell/context.ts";
import { Progress } from "./progress.tsx";

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

export function StatusWord({ status }: { readonly status: Status }) {
  const { task } = useWords();
  return (
    <span class={`status is-${status}`}>
      <Icon name={STATUS_ICONS[status]} />
      {task.status[status]}
    </span>
  );
}

interface TaskLineProps {
  readonly state: TaskState;
  /** By when, as shown; empty where nothing is said of it. */
  readonly due: string;
  readonly overdue: boolean;
}

/** Status, attempt where it isn't the first, how far and by when; where it waits for somebody, what it asks. */
export function TaskLine({ state, due, overdue }: TaskLineProps) {
  const { task } = useWords();
  const asks = state.status === "input_required" && state.note !== null;
  const moves = state.finishedAt === null && state.progress > 0 && !asks;
  return (
    <span class="task-line">
      <StatusWord status={state.status} />
      {state.attempt > 1 && <span class="attempt">{task.attempt(state.attempt)}</span>}
      {moves && <Progress value={state.progress} status={state.status} />}
      <Urgency state={state} />
      {due !== "" && (
        <span class={`due${overdue ? " is-overdue" : ""}`}>
          <Icon name="calendar" label={overdue ? task.overdue : task.due} />
          {due}
        </span>
      )}
      {state.note !== null && (
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
