/** What can be done to a task, by where it is. */

import type { Item, Status } from "@tongbu/client";
import { isTodo } from "../model/todos.ts";
import { Confirm } from "../parts/dialog.tsx";
import { type Page, usePage, useWords } from "../shell/context.ts";
import type { MenuEntry } from "../shell/overlay.ts";
import type { Words } from "../words/en.ts";

type Deed = "done" | "pause" | "resume" | "cancel" | "retry";

/** The deeds that make sense in each status. */
export const DEEDS: Record<Status, readonly Deed[]> = {
  queued: ["done", "cancel"],
  running: ["pause", "cancel"],
  paused: ["resume", "cancel"],
  input_required: ["resume", "cancel"],
  succeeded: ["retry"],
  failed: ["retry"],
  canceled: ["retry"],
  expired: ["retry"],
};

/** None for a notification. */
export function taskEntries(page: Page, words: Words["task"], item: Item): readonly MenuEntry[] {
  if (item.task === null) return [];
  const task = page.ledger.task(item.id);
  const entries: Record<Deed, MenuEntry> = {
    done: { label: words.done, icon: "check", run: () => page.attempt(() => task.finish()) },
    pause: { label: words.pause, icon: "pause", run: () => page.attempt(() => task.pause()) },
    resume: { label: words.resume, icon: "play", run: () => page.attempt(() => task.resume()) },
    cancel: { label: words.cancel, icon: "stop", run: () => askToCancel(page, item) },
    retry: {
      label: isTodo(item) ? words.todo.reopen : words.retry,
      icon: "retry",
      run: () => page.attempt(() => task.retry()),
    },
  };
  return DEEDS[item.task.status].map((deed) => entries[deed]);
}

/** An end can't be undone, so it is asked for once more. */
export function askToCancel({ overlay }: Page, item: Item): void {
  overlay.dialog.set(() => <ConfirmCancel item={item} />);
}

function ConfirmCancel({ item }: { readonly item: Item }) {
  const { attempt, ledger } = usePage();
  const { task } = useWords();
  return (
    <Confirm
      title={task.cancelTitle}
      text={task.cancelText}
      confirm={task.cancel}
      decline={task.keep}
      danger
      onConfirm={() => attempt(() => ledger.task(item.id).cancel())}
    />
  );
}
