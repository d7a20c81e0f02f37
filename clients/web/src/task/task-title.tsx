/** A task's title, edited in its place. */

import type { Item } from "@tongbu/client";
import { useEffect, useRef, useState } from "preact/hooks";
import { DetailTitle } from "../inbox/detail-title.tsx";
import { IconButton } from "../parts/button.tsx";
import { useFocusBack } from "../parts/use-focus-back.ts";
import { usePage, useWords } from "../shell/context.ts";

/** Characters, as the hub takes them. */
export const MOST_IN_TITLE = 500;

export function TaskTitle({ item }: { readonly item: Item }) {
  const { task } = useWords();
  const [editing, edit] = useState(false);
  const place = useRef<HTMLDivElement>(null);
  useFocusBack(editing, place);
  if (editing) return <TitleField item={item} onEnd={() => edit(false)} />;
  return (
    <div ref={place}>
      <DetailTitle item={item}>
        <IconButton icon="pencil" class="is-small" label={task.editTitle} onClick={() => edit(true)} />
      </DetailTitle>
    </div>
  );
}

function TitleField({ item, onEnd }: { readonly item: Item; readonly onEnd: () => void }) {
  const { attempt, ledger } = usePage();
  const { task } = useWords();
  const ref = useRef<HTMLTextAreaElement>(null);
  const given = useRef(false);
  useEffect(() => {
    const field = ref.current;
    field?.focus();
    field?.select();
  }, []);
  const end = (keep: boolean) => {
    if (given.current) return;
    given.current = true;
    const title = (ref.current?.value ?? "").replace(/\s+/gu, " ").trim();
    if (keep && title !== "" && title !== item.title) attempt(() => ledger.edit(item.id, { title }));
    onEnd();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing || (event.key !== "Enter" && event.key !== "Escape")) return;
    event.preventDefault();
    event.stopPropagation();
    end(event.key === "Enter");
  };
  return (
    <h1 id="detail-title" class="task-title-editor">
      <textarea
        ref={ref}
        class="field title-field"
        rows={1}
        maxLength={MOST_IN_TITLE}
        aria-label={task.title}
        defaultValue={item.title}
        onKeyDown={onKeyDown}
        onBlur={() => end(true)}
      />
    </h1>
  );
}
