/** What is open: an item of this device, one that only the hub has, or nothing. */

import type { Item } from "@tongbu/client";
import { useEffect, useRef, useState } from "preact/hooks";
import { Boundary } from "../shell/boundary.tsx";
import { usePage, useWords } from "../shell/context.ts";
import { isWide } from "../shell/media.ts";
import { useItem } from "../shell/readable.ts";
import { TaskDetail } from "../task/task-detail.tsx";
import { DetailHead } from "./detail-head.tsx";
import { Blank } from "./empty.tsx";
import { NotificationDetail } from "./notification-detail.tsx";
import { useReadOnOpen } from "./use-read-on-open.ts";

export function DetailPane({ id }: { readonly id: string | null }) {
  const { router } = usePage();
  const { shell } = useWords();
  return (
    <Boundary key={id} words={shell} onLeave={() => router.go({})}>
      <Pane id={id} />
    </Boundary>
  );
}

function Pane({ id }: { readonly id: string | null }) {
  const { ledger } = usePage();
  const { detail } = useWords().inbox;
  const item = useItem(ledger, id);
  useReadOnOpen(item);
  if (id === null) return <Blank icon="mark" title={detail.none} text={detail.noneText} />;
  if (item === null) return <FromHistory key={id} id={id} />;
  if (item.deleted) return <Blank icon="trash" title={detail.gone} text={detail.goneText} />;
  return <Detail key={id} item={item} here />;
}

interface DetailProps {
  readonly item: Item;
  /** Whether this device holds it. */
  readonly here: boolean;
}

function Detail({ item, here }: DetailProps) {
  const { detail } = useWords().inbox;
  const ref = useRef<HTMLElement>(null);
  useEffect(() => {
    if (!isWide()) ref.current?.focus({ preventScroll: true });
  }, []);
  return (
    <article ref={ref} class="detail" tabIndex={-1} aria-labelledby="detail-title">
      <DetailHead item={item} />
      {!here && <p class="detail-hint">{detail.fromHistory}</p>}
      <div class="detail-body">
        {item.task === null ? <NotificationDetail item={item} /> : <TaskDetail item={item} />}
      </div>
    </article>
  );
}

type Search =
  | { readonly state: "looking" | "failed" | "none" }
  | { readonly state: "found"; readonly item: Item };

function FromHistory({ id }: { readonly id: string }) {
  const { history } = usePage();
  const { detail } = useWords().inbox;
  const [search, setSearch] = useState<Search>({ state: "looking" });
  useEffect(() => {
    let here = true;
    const tell = (result: Search) => here && setSearch(result);
    history.find(id).then(
      (item) => tell(item === null ? { state: "none" } : { state: "found", item }),
      () => tell({ state: "failed" }),
    );
    return () => {
      here = false;
    };
  }, [history, id]);
  if (search.state === "found") return <Detail item={search.item} here={false} />;
  if (search.state === "looking") return <Blank icon="search" title={detail.looking} text="" />;
  const text = search.state === "none" ? detail.goneText : detail.lookUpOffline;
  return <Blank icon={search.state === "none" ? "trash" : "cloudOff"} title={detail.gone} text={text} />;
}
