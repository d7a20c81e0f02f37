/** Which tasks are to-dos: a person wrote them down and ends them by hand; no program works on them. */

import type { Item } from "@tongbu/client";
import { actorOf } from "./actors.ts";

const ACTIVE = ["running", "paused", "input_required"];

/** Made on a device, and nothing was ever reported of its attempt. */
export function isTodo({ by, task }: Item): boolean {
  if (task === null || task.progress > 0 || task.movedAt !== null || ACTIVE.includes(task.status))
    return false;
  return by === null || actorOf(by, null).kind === "device";
}

/** Whether the note tells how far it was, not how it ended: what ended succeeds whole. */
export function isOfProgress({ finishedAt, progress, status }: NonNullable<Item["task"]>): boolean {
  return finishedAt !== null && !(status === "succeeded" && progress >= 1);
}
