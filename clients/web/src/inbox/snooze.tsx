/** When an item shall come back: presets, or a time of one's own. */

import type { Item } from "@tongbu/client";
import { presets, tomorrowMorning } from "../model/snooze.ts";
import { PickTime } from "../parts/pick-time.tsx";
import type { Page, Speech } from "../shell/context.ts";
import type { MenuEntry } from "../shell/overlay.ts";

type Spoken = Pick<Speech, "words" | "times">;

export function openSnoozeMenu(page: Page, { words, times }: Spoken, item: Item, anchor: Element): void {
  const { inbox } = words;
  const now = page.hub.now();
  const chosen = presets(now).map(
    ({ name, until }): MenuEntry => ({
      label: inbox.presets[name],
      icon: "snoozed",
      hint: name === "nextWeek" ? times.moment(until, now) : times.clock(until),
      run: () => page.actions.snooze(item, until),
    }),
  );
  const pick: MenuEntry = {
    label: inbox.snooze.pick,
    icon: "calendar",
    divided: true,
    run: () =>
      page.overlay.dialog.set(() => (
        <PickTime
          title={inbox.snooze.pickTitle}
          label={inbox.snooze.when}
          confirm={inbox.snooze.confirm}
          past={inbox.snooze.past}
          at={tomorrowMorning(now)}
          onPick={(until) => page.actions.snooze(item, until)}
        />
      )),
  };
  const end: MenuEntry = {
    label: inbox.actions.unsnooze,
    icon: "undo",
    run: () => page.actions.snooze(item, null),
  };
  const entries = [...chosen, pick, ...(item.snoozed === null ? [] : [end])];
  page.overlay.menu.set({ title: inbox.snooze.title, entries, anchor });
}
