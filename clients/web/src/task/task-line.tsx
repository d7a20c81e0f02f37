/** How a task stands, in one line. */

import type { Status, TaskState } from "@tongbu/client";
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

/** Status, attempt where it isn't the first, and how far it is; where it waits for somebody, what it asks. */
export function TaskLine({ state }: { readonly state: TaskState }) {
  const { task } = useWords();
  const asks = state.status === "input_required" && state.note !== null;
  const moves = state.finishedAt === null && state.progress > 0 && !asks;
  return (
    <span class="task-line">
      <StatusWord status={state.status} />
      {state.attempt > 1 && <span class="attempt">{task.attempt(state.attempt)}</span>}
      {moves && <Progress value={state.progress} status={state.status} />}
      {state.note !== null && <span class="task-note">{state.note}</span>}
    </span>
  );
}
