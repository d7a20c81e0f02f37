/** A to-do made by hand. */

import { useState } from "preact/hooks";
import { timeOf } from "../model/local-time.ts";
import { Button } from "../parts/button.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { usePage, useWords } from "../shell/context.ts";
import { MOST_IN_BODY } from "./task-body.tsx";
import { MOST_IN_TITLE } from "./task-title.tsx";

export function NewTask() {
  const { attempt, ledger, overlay, router } = usePage();
  const { shell, task } = useWords();
  const [title, setTitle] = useState("");
  const [body, setBody] = useState("");
  const [due, setDue] = useState("");
  const submit = (event: Event) => {
    event.preventDefault();
    if (title.trim() === "") return;
    const text = body.trim();
    const created = attempt(() => ledger.create({ title: title.trim(), ...(text !== "" && { body: text }) }));
    if (created === null) return;
    const { item } = created;
    const by = timeOf(due);
    if (by !== null) attempt(() => ledger.edit(item.id, { due: by }));
    overlay.dialog.set(null);
    router.go({ list: "tasks", item: item.id });
  };
  return (
    <Dialog title={task.newTask}>
      <form class="form" onSubmit={submit}>
        <label for="new-task-title">{task.title}</label>
        <input
          id="new-task-title"
          class="field"
          autofocus
          required
          maxLength={MOST_IN_TITLE}
          autocomplete="off"
          value={title}
          onInput={(event) => setTitle(event.currentTarget.value)}
        />
        <label for="new-task-body">{task.body}</label>
        <textarea
          id="new-task-body"
          class="field"
          rows={3}
          maxLength={MOST_IN_BODY}
          value={body}
          onInput={(event) => setBody(event.currentTarget.value)}
        />
        <label for="new-task-due">{task.dueIfAny}</label>
        <input
          id="new-task-due"
          class="field"
          type="datetime-local"
          value={due}
          onInput={(event) => setDue(event.currentTarget.value)}
        />
        <div class="dialog-foot">
          <Button onClick={() => overlay.dialog.set(null)}>{shell.cancel}</Button>
          <Button look="primary" type="submit">
            {task.create}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
