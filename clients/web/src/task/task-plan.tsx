/** By when, and how urgent: each a word that opens its menu. */

import type { Item, TaskState } from "@tongbu/client";
import { dueDates, isOverdue } from "../model/due.ts";
import { PRIORITIES, type PriorityName, priorityName } from "../model/priorities.ts";
import { HOUR } from "../model/times.ts";
import { Icon, type IconName } from "../parts/icon.tsx";
import { PickTime } from "../parts/pick-time.tsx";
import { type Page, type Speech, useNow, usePage, useSpeech } from "../shell/context.ts";
import type { MenuEntry } from "../shell/overlay.ts";

interface PlanProps {
  readonly item: Item;
  readonly state: TaskState;
}

export function TaskPlan({ item, state }: PlanProps) {
  return (
    <div class="plan">
      <Due item={item} state={state} />
      <Priority item={item} state={state} />
    </div>
  );
}

interface PlanButtonProps {
  readonly icon: IconName;
  readonly text: string;
  /** `none`: nothing was chosen yet. */
  readonly look: string;
  readonly onOpen: (anchor: Element) => void;
}

function PlanButton({ icon, text, look, onOpen }: PlanButtonProps) {
  return (
    <button
      type="button"
      class={`plan-part is-${look}`}
      aria-haspopup="menu"
      onClick={({ currentTarget }) => onOpen(currentTarget)}
    >
      <Icon name={icon} />
      <span>{text}</span>
    </button>
  );
}

function Due({ item, state }: PlanProps) {
  const page = usePage();
  const speech = useSpeech();
  const { words, times } = speech;
  const now = useNow();
  const overdue = isOverdue(state, now);
  const text = state.due === null ? words.task.addDue : words.task.dueAt(times.moment(state.due, now));
  return (
    <PlanButton
      icon="calendar"
      text={overdue ? `${text} · ${words.task.overdue}` : text}
      look={overdue ? "overdue" : state.due === null ? "none" : "chosen"}
      onOpen={(anchor) =>
        page.overlay.menu.set({ title: words.task.due, entries: dueEntries(page, speech, item), anchor })
      }
    />
  );
}

function dueEntries(page: Page, { words, times }: Speech, item: Item): MenuEntry[] {
  const { task } = words;
  const now = page.hub.now();
  const due = item.task?.due ?? null;
  const state = (at: number | null) => page.attempt(() => page.ledger.edit(item.id, { due: at }));
  const dates = dueDates(now).map(
    ({ name, at }): MenuEntry => ({
      label: task.dueDates[name],
      icon: "calendar",
      hint: name === "nextWeek" ? times.moment(at, now) : times.clock(at),
      run: () => state(at),
    }),
  );
  const pick = () =>
    page.overlay.dialog.set(() => (
      <PickTime
        title={task.due}
        label={words.inbox.snooze.when}
        confirm={task.save}
        at={due ?? Math.ceil((now + 24 * HOUR) / HOUR) * HOUR}
        onPick={state}
      />
    ));
  const none: MenuEntry = { label: task.clearDue, icon: "close", run: () => state(null) };
  return [
    ...dates,
    { label: words.inbox.snooze.pick, icon: "snoozed", divided: true, run: pick },
    ...(due === null ? [] : [none]),
  ];
}

function Priority({ item, state }: PlanProps) {
  const { attempt, ledger, overlay } = usePage();
  const { task } = useSpeech().words;
  const name = priorityName(state.priority);
  const names = (Object.keys(PRIORITIES) as PriorityName[]).reverse();
  const entries = names.map(
    (each): MenuEntry => ({
      label: task.priorities[each],
      checked: each === name,
      run: () => attempt(() => ledger.edit(item.id, { priority: PRIORITIES[each] })),
    }),
  );
  return (
    <PlanButton
      icon="flag"
      text={name === "none" ? task.addPriority : task.priorityOf(task.priorities[name])}
      look={name === "none" ? "none" : `priority-${name}`}
      onOpen={(anchor) => overlay.menu.set({ title: task.priority, entries, anchor })}
    />
  );
}
