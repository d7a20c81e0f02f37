/** Commands that work on every page. */

import type { Command } from "../model/keys.ts";
import { HOME, type Route } from "../model/routes.ts";
import { NewTask } from "../task/new-task.tsx";
import type { Page } from "./context.ts";
import { Help } from "./help.tsx";

const PLACES: Partial<Record<Command, Partial<Route>>> = {
  goInbox: HOME,
  goTasks: { list: "tasks" },
  goSnoozed: { list: "snoozed" },
  goArchived: { list: "archived" },
  goDevices: { page: "devices" },
  goSettings: { page: "settings" },
};

/** Whether the command was one of these. */
export function runGlobal(command: Command, page: Page): boolean {
  const { router, overlay, actions } = page;
  const place = PLACES[command];
  if (place !== undefined) router.go(place);
  else if (command === "help") overlay.dialog.set(() => <Help />);
  else if (command === "newTask") overlay.dialog.set(() => <NewTask />);
  else if (command === "undo") actions.undo();
  else if (command === "search") focusSearch();
  else if (command === "back") goBack(page);
  else return false;
  return true;
}

function focusSearch(): void {
  const field = document.querySelector<HTMLInputElement>("#search");
  field?.focus();
  field?.select();
}

/** Of a search its words first; then out of a field, out of an item, out of a page, out of what was searched. */
function goBack({ router, query }: Page): void {
  const focused = document.activeElement;
  const { item, page } = router.route.get();
  const searches = query.get() !== "";
  if (searches && focused?.id === "search") query.set("");
  else if (focused instanceof HTMLInputElement || focused instanceof HTMLTextAreaElement) focused.blur();
  else if (item !== null || page !== null) router.go({});
  else if (searches) query.set("");
}
