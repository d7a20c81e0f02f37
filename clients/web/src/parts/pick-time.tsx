/** A time of one's own choice, in a dialog. */

import { useState } from "preact/hooks";
import { localText, timeOf } from "../model/local-time.ts";
import { usePage, useWords } from "../shell/context.ts";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";

interface PickTimeProps {
  readonly title: string;
  readonly label: string;
  readonly confirm: string;
  /** What is offered at first (ms). */
  readonly at: number;
  /** What is said of a time that is over; absent where it may be. */
  readonly past?: string;
  readonly onPick: (at: number) => void;
}

export function PickTime({ title, label, confirm, at, past, onPick }: PickTimeProps) {
  const { hub, overlay } = usePage();
  const { shell } = useWords();
  const [text, write] = useState(() => localText(at));
  const [over, tellOver] = useState(false);
  const submit = (event: Event) => {
    event.preventDefault();
    const picked = timeOf(text);
    if (picked === null) return;
    const isOver = past !== undefined && picked <= hub.now();
    tellOver(isOver);
    if (isOver) return;
    overlay.dialog.set(null);
    onPick(picked);
  };
  return (
    <Dialog title={title}>
      <form class="form" onSubmit={submit}>
        <label for="picked-time">{label}</label>
        <input
          id="picked-time"
          class="field"
          type="datetime-local"
          autofocus
          required
          value={text}
          aria-describedby="picked-time-problem"
          onInput={(event) => write(event.currentTarget.value)}
        />
        <p id="picked-time-problem" class="problem" role="alert">
          {over && past}
        </p>
        <div class="dialog-foot">
          <Button onClick={() => overlay.dialog.set(null)}>{shell.cancel}</Button>
          <Button look="primary" type="submit">
            {confirm}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
