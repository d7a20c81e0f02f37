/** A bar with its per cent. */

import type { Status } from "@tongbu/client";
import { useWords } from "../shell/context.ts";

interface ProgressProps {
  /** 0 to 1. */
  readonly value: number;
  readonly status: Status;
}

export function Progress({ value, status }: ProgressProps) {
  const { task } = useWords();
  const percent = Math.floor(value * 100);
  return (
    <span class={`progress is-${status}`}>
      <span
        class="progress-bar"
        role="progressbar"
        aria-label={task.progress}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent}
      >
        <span class="progress-done" style={{ "--done": String(value) }} />
      </span>
      <span class="progress-percent" aria-hidden="true">
        {percent}%
      </span>
    </span>
  );
}
