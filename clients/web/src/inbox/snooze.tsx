/** When an item shall come back: presets, or a time of one's own. */

import type { Item } from "@tongbu/client";
import { useState } from "preact/hooks";
import { localText } from "../model/local-time.ts";
import { presets } from "../model/snooze.ts";
import { HOUR } from "../model/times.ts";
import { Button } from "../parts/button.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { type Page, type Speech, usePage, useWords } from "../shell/context.ts";
import type { MenuEntry } from "../shell/overlay.ts";

type Spoken = Pick<Speech, "words" | "times">;

export function openSnoozeMenu(page: Page, { words, times }: Spoken, item: Item, anchor: Element): void {
  const { inbox } = words;
  const now = page.hub.now();
  const chosen = presets(now).map(
    ({ name, until }): MenuEntry => ({
      label: inbox.presets[name],
      icon: "snoozed",
      hint: times.moment(until, now),
      run: () => page.actions.snooze(item, until),
    }),
  );
  const pick: MenuEntry = {
    label: inbox.snooze.pick,
    icon: "calendar",
    divided: true,
    run: () => page.overlay.dialog.set(() => <PickTime item={item} />),
  };
  const end: MenuEntry = {
    label: inbox.actions.unsnooze,
    icon: "undo",
    run: () => page.actions.snooze(item, null),
  };
  const entries = [...chosen, pick, ...(item.snoozed === null ? [] : [end])];
  page.overlay.menu.set({ title: inbox.snooze.title, entries, anchor });
}

function PickTime({ item }: { readonly item: Item }) {
  const { actions, hub, overlay } = usePage();
  const { inbox, shell } = useWords();
  const [text, write] = useState(() => localText(Math.ceil((hub.now() + 24 * HOUR) / HOUR) * HOUR));
  const [past, tellPast] = useState(false);
  const submit = (event: Event) => {
    event.preventDefault();
    const until = new Date(text).getTime();
    const fits = until > hub.now();
    tellPast(!fits);
    if (!fits) return;
    overlay.dialog.set(null);
    actions.snooze(item, until);
  };
  return (
    <Dialog title={inbox.snooze.pickTitle}>
      <form class="form" onSubmit={submit}>
        <label for="snooze-until">{inbox.snooze.when}</label>
        <input
          id="snooze-until"
          class="field"
          type="datetime-local"
          required
          value={text}
          aria-describedby="snooze-problem"
          onInput={(event) => write(event.currentTarget.value)}
        />
        <p id="snooze-problem" class="problem" role="alert">
          {past && inbox.snooze.past}
        </p>
        <div class="dialog-foot">
          <Button onClick={() => overlay.dialog.set(null)}>{shell.cancel}</Button>
          <Button look="primary" type="submit">
            {inbox.snooze.confirm}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
