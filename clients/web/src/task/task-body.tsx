/** What a task is about, edited in its place. */

import type { Item } from "@tongbu/client";
import { useEffect, useRef, useState } from "preact/hooks";
import { BodyText } from "../inbox/body-text.tsx";
import { Button, IconButton } from "../parts/button.tsx";
import { Icon } from "../parts/icon.tsx";
import { useFocusBack } from "../parts/use-focus-back.ts";
import { usePage, useWords } from "../shell/context.ts";

/** Characters that surely fit the hub's limit in bytes. */
export const MOST_IN_BODY = 20_000;

export function TaskBody({ item }: { readonly item: Item }) {
  const { task } = useWords();
  const [editing, edit] = useState(false);
  const place = useRef<HTMLDivElement>(null);
  useFocusBack(editing, place);
  if (editing) return <BodyField item={item} onEnd={() => edit(false)} />;
  if (item.body === undefined || item.body === "") {
    return (
      <p class="task-add-body">
        <button type="button" class="plan-part is-none" onClick={() => edit(true)}>
          <Icon name="plus" />
          <span>{task.addBody}</span>
        </button>
      </p>
    );
  }
  return (
    <div ref={place} class="task-body">
      <BodyText text={item.body} />
      <IconButton icon="pencil" class="is-small" label={task.editBody} onClick={() => edit(true)} />
    </div>
  );
}

function BodyField({ item, onEnd }: { readonly item: Item; readonly onEnd: () => void }) {
  const { attempt, ledger } = usePage();
  const { shell, task } = useWords();
  const ref = useRef<HTMLTextAreaElement>(null);
  useEffect(() => ref.current?.focus(), []);
  const save = () => {
    const body = ref.current?.value.trimEnd() ?? "";
    const isSame = body === (item.body ?? "");
    if (isSame || attempt(() => ledger.edit(item.id, { body })) !== null) onEnd();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing) return;
    const saves = event.key === "Enter" && (event.ctrlKey || event.metaKey);
    if (!saves && event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    if (saves) save();
    else onEnd();
  };
  return (
    <div class="task-body-editor">
      <textarea
        ref={ref}
        class="field body-field"
        rows={4}
        maxLength={MOST_IN_BODY}
        aria-label={task.details}
        defaultValue={item.body ?? ""}
        onKeyDown={onKeyDown}
      />
      <div class="deeds">
        <Button look="primary" onClick={save}>
          {task.save}
        </Button>
        <Button onClick={onEnd}>{shell.cancel}</Button>
      </div>
    </div>
  );
}
