/** A list, and beside it what is open. On a phone one after the other. */

import { usePage } from "../shell/context.ts";
import { OfflineBar } from "../shell/offline-bar.tsx";
import { useReadable } from "../shell/readable.ts";
import { DetailPane } from "./detail-pane.tsx";
import { ListPane } from "./list-pane.tsx";

export function Inbox() {
  const { router } = usePage();
  const { list, item } = useReadable(router.route);
  return (
    <div class="panes">
      <div class="pane pane-list">
        <OfflineBar />
        <ListPane key={list} list={list} open={item} />
      </div>
      <div class="pane pane-detail">
        <DetailPane id={item} />
      </div>
    </div>
  );
}
