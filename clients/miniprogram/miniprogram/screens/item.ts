/** One item on the screen, followed. */

import { isEmpty, type Patch, patchOf } from "../model/patch";
import type { Hub, Item } from "../vendor/tongbu";

/**
 * Calls `show` with what changed of what `read` makes of the item, first at once. Null: there is no such item. Returns how to
 * stop.
 */
export function followItem<Data extends object>(
  hub: Hub,
  id: string,
  read: (item: Item | null) => Data,
  show: (patch: Patch) => void,
): () => void {
  const ledger = hub.inbox();
  let shown: object = {};
  const draw = (): void => {
    const data = read(ledger.get(id));
    const patch = patchOf(shown, data);
    shown = data;
    if (!isEmpty(patch)) show(patch);
  };
  draw();
  return ledger.watch((changed) => {
    if (changed === "all" || changed.has(id)) draw();
  });
}
