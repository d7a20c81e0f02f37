/** How a task stands: its status, how far it is and since when, and its attempts. */

import type { Item, TaskState } from "@tongbu/client";
import { isOfProgress, isTodo } from "../model/todos.ts";
import { Icon } from "../parts/icon.tsx";
import { usePage, useSpeech } from "../shell/context.ts";
import { useSeconds } from "../shell/use-seconds.ts";
import { Progress } from "./progress.tsx";
import { STATUS_ICONS, StatusWord } from "./task-line.tsx";

interface StandingProps {
  readonly item: Item;
  readonly state: TaskState;
}

export function TaskStanding({ item, state }: StandingProps) {
  const { words, times } = useSpeech();
  const { task } = words;
  const moves = state.finishedAt === null && state.movedAt !== null;
  const now = useSeconds(moves);
  const ended = state.finishedAt;
  return (
    <section class={`standing is-${state.status}`} aria-label={task.progress}>
      <p class="standing-line">
        <StatusWord item={item} state={state} />
        {ended !== null && (
          <time class="is-muted" title={times.full(ended)}>
            {times.moment(ended, now)}
          </time>
        )}
        {moves && state.movedAt !== null && (
          <time class="is-muted" title={times.full(state.movedAt)}>
            {task.moved(times.duration(now - state.movedAt))}
          </time>
        )}
      </p>
      {ended === null && (state.progress > 0 || state.status === "running") && (
        <Progress value={state.progress} status={state.status} />
      )}
      {state.note !== null && (
        <p class="standing-note">{isOfProgress(state) ? task.lastNote(state.note) : state.note}</p>
      )}
    </section>
  );
}

/** Attempts that are listed. */
const SHOWN = 20;

/** The attempts, the latest first. Of those before, the hub keeps that they were, and this page what it saw. */
export function Attempts({ item, state }: StandingProps) {
  const { words, times } = useSpeech();
  const { task } = words;
  const { attemptEnds, hub } = usePage();
  const now = hub.now();
  attemptEnds.note(item);
  if (state.attempt === 1 || isTodo(item)) return null;
  const earlier = Array.from({ length: Math.min(SHOWN, state.attempt - 1) }, (_, index) => {
    const attempt = state.attempt - 1 - index;
    return { attempt, end: attemptEnds.endOf(item.id, attempt) };
  });
  return (
    <section class="detail-part">
      <h2>{task.attempts}</h2>
      <ol class="attempts" reversed>
        <li value={state.attempt}>
          <Icon name={STATUS_ICONS[state.status]} class="attempt-mark" />
          {task.attempt(state.attempt)} · {task.status[state.status]}
          {state.finishedAt !== null && ` · ${times.moment(state.finishedAt, now)}`}
        </li>
        {earlier.map(({ attempt, end }) => (
          <li key={attempt} value={attempt}>
            <Icon name={end === null ? "local" : STATUS_ICONS[end.status]} class="attempt-mark" />
            {task.attempt(attempt)} ·{" "}
            {end === null ? task.earlierAttempt : `${task.status[end.status]} · ${times.moment(end.at, now)}`}
          </li>
        ))}
      </ol>
    </section>
  );
}
