/** A to-do made by hand. */

import { Dialog } from "../parts/dialog.tsx";
import { useWords } from "../shell/context.ts";

export function NewTask() {
  const words = useWords();
  return (
    <Dialog title={words.task.newTask}>
      <p />
    </Dialog>
  );
}
