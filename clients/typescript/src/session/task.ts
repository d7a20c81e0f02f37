/** Tasks as those hold them who report on them or steer them. */
import type { Change, Item, Json, Readable, Status, Task } from "../api.js";
import { FIRST_ATTEMPT, FIRST_STATUS, isTerminal } from "../state/statuses.js";

type State = (values: readonly (readonly [field: string, value: Json])[]) => Change;

/** `state`: says fields of the task. Each statement is about the attempt that stands when it is made. */
export function createTask(id: string, item: Readable<Item | null>, state: State): Task {
  const attempt = () => item.get()?.task?.attempt ?? FIRST_ATTEMPT;

  function progressOf(value: number, note: string | null | undefined): readonly [string, Json] {
    const stated: Json[] = [attempt(), value];
    if (note !== null && note !== undefined) stated.push(note);
    return ["progress", stated];
  }

  function setStatus(status: Status): Change {
    return state([["status", [attempt(), status]]]);
  }

  /** A note is said with the progress, which is whole where the task succeeded; the last note stays. */
  function end(status: Status, note: string | undefined): Change {
    const { progress = 0, note: last = null } = item.get()?.task ?? {};
    const succeeded = status === "succeeded";
    const noted = note !== undefined || (succeeded && progress > 0 && progress < 1);
    const values = noted ? [progressOf(succeeded ? 1 : progress, note ?? last)] : [];
    return state([...values, ["status", [attempt(), status]]]);
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
      const { status = FIRST_STATUS } = item.get()?.task ?? {};
      return state(isTerminal(status) ? [["status", [attempt() + 1, FIRST_STATUS]]] : []);
    },
  };
}
