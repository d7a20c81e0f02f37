/** By when, and how urgent. */

import type { Item, TaskState } from "@tongbu/client";
import { useEffect, useId, useRef } from "preact/hooks";
import { localText, timeOf } from "../model/local-time.ts";
import { PRIORITIES, type PriorityName, priorityName } from "../model/priorities.ts";
import { IconButton } from "../parts/button.tsx";
import { Icon } from "../parts/icon.tsx";
import { useNow, usePage, useSpeech, useWords } from "../shell/context.ts";

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

function Due({ item, state }: PlanProps) {
  const { attempt, ledger } = usePage();
  const { words, times } = useSpeech();
  const { task } = words;
  const now = useNow();
  const id = useId();
  const ref = useRef<HTMLInputElement>(null);
  const shown = state.due === null ? "" : localText(state.due);
  useEffect(() => {
    if (ref.current !== null && document.activeElement !== ref.current) ref.current.value = shown;
  }, [shown]);
  const keep = () => {
    const due = timeOf(ref.current?.value ?? "");
    if (due !== null && localText(due) !== shown) attempt(() => ledger.edit(item.id, { due }));
  };
  const overdue = state.due !== null && state.due < now && state.finishedAt === null;
  return (
    <div class="plan-part">
      <label for={id}>
        <Icon name="calendar" />
        {task.due}
      </label>
      <input
        ref={ref}
        id={id}
        class="field plan-field"
        type="datetime-local"
        defaultValue={shown}
        onBlur={keep}
        onKeyDown={(event) => event.key === "Enter" && keep()}
      />
      {state.due !== null && (
        <>
          <span class={overdue ? "plan-hint is-overdue" : "plan-hint"}>
            {overdue ? `${times.moment(state.due, now)} · ${task.overdue}` : times.moment(state.due, now)}
          </span>
          <IconButton
            icon="close"
            label={task.clearDue}
            onClick={() => attempt(() => ledger.edit(item.id, { due: null }))}
          />
        </>
      )}
    </div>
  );
}

function Priority({ item, state }: PlanProps) {
  const { attempt, ledger } = usePage();
  const { task } = useWords();
  const id = useId();
  const name = priorityName(state.priority);
  const names = Object.keys(PRIORITIES) as PriorityName[];
  return (
    <div class="plan-part">
      <label for={id}>
        <Icon name="flag" class={`is-priority-${name}`} />
        {task.priority}
      </label>
      <select
        id={id}
        class="field plan-field"
        value={name}
        onChange={({ currentTarget }) =>
          attempt(() => ledger.edit(item.id, { priority: PRIORITIES[currentTarget.value as PriorityName] }))
        }
      >
        {names.map((each) => (
          <option key={each} value={each} selected={each === name}>
            {task.priorities[each]}
          </option>
        ))}
      </select>
    </div>
  );
}
