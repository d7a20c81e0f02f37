import type { Item } from "@tongbu/client";
import { isTodo } from "../model/todos.ts";
import type { Words } from "../words/en.ts";

/** How a task stands, in a word; empty for a notification. A to-do is done, it does not succeed. */
export function statusName(item: Item, { status, todo }: Words["task"]): string {
  if (item.task === null) return "";
  return item.task.status === "succeeded" && isTodo(item) ? todo.done : status[item.task.status];
}
