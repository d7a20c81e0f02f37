/** A to-do made by hand. */

import { useState } from "preact/hooks";
import { Button } from "../parts/button.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { usePage, useWords } from "../shell/context.ts";

export function NewTask() {
  const { ledger, overlay, router } = usePage();
  const { shell, task } = useWords();
  const [title, setTitle] = useState("");
  const [body, setBody] = useState("");
  const submit = (event: Event) => {
    event.preventDefault();
    if (title.trim() === "") return;
    const text = body.trim();
    const { item } = ledger.create({ title: title.trim(), ...(text !== "" && { body: text }) });
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
          maxLength={500}
          autocomplete="off"
          value={title}
          onInput={(event) => setTitle(event.currentTarget.value)}
        />
        <label for="new-task-body">{task.body}</label>
        <textarea
          id="new-task-body"
          class="field"
          rows={3}
          maxLength={20_000}
          value={body}
          onInput={(event) => setBody(event.currentTarget.value)}
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
