/** A task's title, edited in its place. */

import type { Item } from "@tongbu/client";
import { useRef, useState } from "preact/hooks";
import { DetailTitle } from "../inbox/detail-title.tsx";
import { IconButton } from "../parts/button.tsx";
import { useFocusBack } from "../parts/use-focus-back.ts";
import { useInPlace } from "../parts/use-in-place.ts";
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
  const inPlace = useInPlace<HTMLTextAreaElement>((typed) => {
    const title = (typed ?? "").replace(/\s+/gu, " ").trim();
    if (title !== "" && title !== item.title) attempt(() => ledger.edit(item.id, { title }));
    onEnd();
  });
  return (
    <h1 id="detail-title" class="task-title-editor">
      <textarea
        {...inPlace}
        class="field title-field"
        rows={1}
        maxLength={MOST_IN_TITLE}
        aria-label={task.title}
        defaultValue={item.title}
      />
    </h1>
  );
}
