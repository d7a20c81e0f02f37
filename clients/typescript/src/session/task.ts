/** Tasks as those hold them who report on them or steer them. */
import type { Change, Item, Json, Readable, Status, Task } from "../api.js";
import { FIRST_ATTEMPT, FIRST_STATUS, isTerminal } from "../state/statuses.js";

type State = (values: readonly (readonly [field: string, value: Json])[]) => Change;

/** A task of which nobody has stated anything. */
export const NEW = { attempt: FIRST_ATTEMPT, status: FIRST_STATUS, progress: 0, note: null };

/** `state`: says fields of the task. Each statement is about the attempt that stands when it is made. */
export function createTask(id: string, item: Readable<Item | null>, state: State): Task {
  const now = () => item.get()?.task ?? NEW;

  function progressOf(value: number, note: string | null | undefined): readonly [string, Json] {
    const { attempt } = now();
    return ["progress", typeof note === "string" ? [attempt, value, note] : [attempt, value]];
  }

  function setStatus(status: Status): Change {
    return state([["status", [now().attempt, status]]]);
  }

  /** A note is said with the progress, which is whole where the task succeeded; the last note stays. */
  function end(status: Status, note: string | undefined): Change {
    const { attempt, progress, note: last } = now();
    const succeeded = status === "succeeded";
    const noted = note !== undefined || (succeeded && progress > 0 && progress < 1);
    const values = noted ? [progressOf(succeeded ? 1 : progress, note ?? last)] : [];
    return state([...values, ["status", [attempt, status]]]);
  }

  return {
    id,
    item,
    progress: (value, note) => state([progressOf(value, note)]),
    setStatus,
    pause: () => setStatus("paused"),
    resume: () => setStatus("running"),
    cancel: () => setStatus("canceled"),
    finish: (note) => end("succeeded", note),
    fail: (note) => end("failed", note),
    retry() {
      const { attempt, status } = now();
      return state(isTerminal(status) ? [["status", [attempt + 1, FIRST_STATUS]]] : []);
    },
  };
}
