/** How a task stands: its status, how far it is and since when, and its attempts. */

import type { TaskState } from "@tongbu/client";
import { useEffect, useState } from "preact/hooks";
import { Icon } from "../parts/icon.tsx";
import { usePage, useSpeech } from "../shell/context.ts";
import { Progress } from "./progress.tsx";
import { STATUS_ICONS, StatusWord } from "./task-line.tsx";

/** Now (ms), each second while something moves. */
function useSeconds(moves: boolean): number {
  const { hub } = usePage();
  const [now, setNow] = useState(() => hub.now());
  useEffect(() => {
    setNow(hub.now());
    if (!moves) return undefined;
    const timer = setInterval(() => setNow(hub.now()), 1000);
    return () => clearInterval(timer);
  }, [hub, moves]);
  return now;
}

export function TaskStanding({ state }: { readonly state: TaskState }) {
  const { words, times } = useSpeech();
  const { task } = words;
  const moves = state.finishedAt === null && state.movedAt !== null;
  const now = useSeconds(moves);
  const ended = state.finishedAt;
  return (
    <section class={`standing is-${state.status}`} aria-label={task.progress}>
      <p class="standing-line">
        <StatusWord status={state.status} />
        {state.attempt > 1 && <span class="attempt">{task.attempt(state.attempt)}</span>}
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
      {(state.progress > 0 || state.status === "running") && (
        <Progress value={state.progress} status={state.status} />
      )}
      {state.note !== null && <p class="standing-note">{state.note}</p>}
    </section>
  );
}

/** The attempts, the latest first. Of those before, the hub keeps that they were. */
export function Attempts({ state }: { readonly state: TaskState }) {
  const { words, times } = useSpeech();
  const { task } = words;
  const now = usePage().hub.now();
  if (state.attempt === 1) return null;
  const sealed = state.final !== null && state.final.attempt === state.attempt - 1 ? state.final : null;
  const earlier = Array.from(
    { length: Math.min(20, state.attempt - 1) },
    (_, index) => state.attempt - 1 - index,
  );
  return (
    <section class="detail-part">
      <h2>{task.attempts}</h2>
      <ol class="attempts" reversed>
        <li value={state.attempt}>
          <Icon name={STATUS_ICONS[state.status]} />
          {task.attempt(state.attempt)} · {task.status[state.status]}
          {state.finishedAt !== null && ` · ${times.moment(state.finishedAt, now)}`}
        </li>
        {earlier.map((attempt) => (
          <li key={attempt} value={attempt}>
            <Icon name={sealed?.attempt === attempt ? STATUS_ICONS[sealed.status] : "local"} />
            {task.attempt(attempt)} ·{" "}
            {sealed?.attempt === attempt
              ? `${task.status[sealed.status]} · ${times.moment(sealed.at, now)}`
              : task.earlierAttempt}
          </li>
        ))}
      </ol>
    </section>
  );
}
