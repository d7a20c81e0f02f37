import { useState } from "preact/hooks";
import { Icon } from "../../parts/icon.tsx";
import { useWords } from "../../shell/context.ts";
import { MOST_IN_ENTRY } from "./entry-line.tsx";

/** Below a checklist: Enter adds what was written, and the field is free for the next. */
export function AddEntry({ onAdd }: { readonly onAdd: (text: string) => void }) {
  const { shared: words } = useWords().task;
  const [text, write] = useState("");
  const add = () => {
    if (text.trim() !== "") onAdd(text.trim());
    write("");
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    add();
  };
  return (
    <div class="entry-add">
      <Icon name="plus" />
      <input
        class="entry-new"
        aria-label={words.addEntry}
        placeholder={words.addEntry}
        autocomplete="off"
        enterkeyhint="done"
        maxLength={MOST_IN_ENTRY}
        value={text}
        onInput={(event) => write(event.currentTarget.value)}
        onKeyDown={onKeyDown}
        onBlur={add}
      />
    </div>
  );
}
