/** What the pages of one item share: the item is followed, and an unread one that is shown is read. */

import type { Program } from "../device/device";
import type { Viewer } from "../model/detail";
import { isEmpty, type Patch, patchOf } from "../model/patch";
import type { Hub, Item } from "../vendor/tongbu";
import { nothing } from "./fields";

export interface ItemPage {
  readonly id: string;
  /** Null where nobody is signed in. */
  readonly hub: Hub | null;
  stop(): void;
}

/** A page before it was opened. */
export const NO_ITEM: ItemPage = { id: "", hub: null, stop: nothing };

/**
 * Opens the page of the item that `query` names. `show` is called with what changed of what `read` makes of it, first at
 * once, and with `gone`: there is no such item, or (`read` gives null) it is none for this page.
 */
export function openItemPage<Data extends object>(
  query: { readonly id?: string },
  title: string,
  read: (item: Item, viewer: Viewer) => Data | null,
  show: (patch: Patch) => void,
): ItemPage {
  wx.setNavigationBarTitle({ title });
  const id = decodeURIComponent(query.id ?? "");
  const hub = getApp<Program>().device.hub.get();
  if (hub !== null) return { id, hub, stop: followItem(hub, id, read, show) };
  show({ gone: true });
  return { id, hub, stop: nothing };
}

function viewerIn(hub: Hub): Viewer {
  return { now: hub.now(), user: hub.user.get(), device: hub.device.get() };
}

function followItem<Data extends object>(
  hub: Hub,
  id: string,
  read: (item: Item, viewer: Viewer) => Data | null,
  show: (patch: Patch) => void,
): () => void {
  const ledger = hub.inbox();
  let shown: object = {};
  let isOpened = false;
  /** Whether what the phone keeps was read: before, an item that isn't there may come yet. */
  let isLoaded = false;
  const draw = (): void => {
    const item = ledger.get(id);
    const data = item === null || item.deleted ? null : read(item, viewerIn(hub));
    const after = data === null ? { gone: isLoaded } : { gone: false, ...data };
    const patch = patchOf(shown, after);
    shown = after;
    if (!isEmpty(patch)) show(patch);
    if (data === null || isOpened) return;
    isOpened = true;
    if (item?.read === false) ledger.mark(id, { read: true });
  };
  const loaded = (): void => {
    isLoaded = true;
    draw();
  };
  const stop = ledger.watch((changed) => {
    if (changed === "all" || changed.has(id)) draw();
  });
  draw();
  let isStopped = false;
  ledger.loaded.then(() => isStopped || loaded()).catch(nothing);
  return () => {
    isStopped = true;
    stop();
  };
}
