/** A list of items on the screen: as few rows as are in sight, and as little of them told anew as changed. */

import type { Speech } from "../i18n/speech";
import { isEmpty, type Patch, patchOf } from "../model/patch";
import { headingRow, itemRow, type Row } from "../model/row";
import { isOutside, type Line, type Window, windowAt } from "../model/window";
import { arrange, EVERYTHING, Listing, type ListName, layOut, type Measures } from "../vendor/inbox";
import type { Hub, Item } from "../vendor/tongbu";

export interface ListData {
  readonly rows: readonly Row[];
  /** Pixels of the room that stands for what is above and below the rows. */
  readonly above: number;
  readonly below: number;
  readonly size: number;
}

export interface ListScreen {
  /** Whoever looks at the list sees what is `height` pixels below `top`. */
  scrolled(top: number, height: number): void;
  choose(list: ListName): void;
  /** The minute changed, so times read differently. */
  tick(): void;
  /** Items before somebody's eyes that were not seen yet. */
  unseen(): readonly string[];
  stop(): void;
}

export const NOTHING: ListData = { rows: [], above: 0, below: 0, size: 0 };

const EVERY = { filter: EVERYTHING, words: [], kept: () => false };

/** `show` is called with what changed, as `setData` takes it; the page begins with `NOTHING`. */
export function openList(
  hub: Hub,
  speech: Speech,
  measures: Measures,
  show: (patch: Patch) => void,
): ListScreen {
  const ledger = hub.inbox();
  let name: ListName = "inbox";
  let listing = new Listing(arrange(name, EVERY), ledger.items.get());
  let layout = layOut(listing.groups, measures);
  let view = { top: 0, height: 0 };
  let window: Window = windowAt(layout, 0, 0);
  let shown = NOTHING;

  const rowOf = (line: Line): Row => {
    if ("heading" in line) return headingRow(line.heading, hub.now(), speech);
    return itemRow(listing.at(line.index) as Item, name, hub.now(), speech);
  };
  const draw = (): void => {
    window = windowAt(layout, view.top, view.height);
    const rows = window.lines.map(rowOf);
    const data = { rows, above: window.above, below: window.below, size: listing.size };
    const patch = patchOf(shown, data);
    shown = data;
    if (!isEmpty(patch)) show(patch);
  };
  const arranged = (): void => {
    layout = layOut(listing.groups, measures);
    draw();
  };
  const stop = ledger.watch((changed) => {
    if (changed === "all") listing.reset(ledger.items.get());
    else for (const id of changed) listing.put(id, present(ledger.get(id)));
    arranged();
  });
  draw();

  return {
    scrolled(top, height) {
      view = { top, height };
      if (isOutside(window, top, height)) draw();
    },
    choose(list) {
      name = list;
      listing = new Listing(arrange(name, EVERY), ledger.items.get());
      view = { ...view, top: 0 };
      arranged();
    },
    tick: draw,
    unseen() {
      const { lines } = windowAt(layout, view.top, view.height, 0);
      const items = lines.map((line) => ("index" in line ? listing.at(line.index) : undefined));
      return items.filter((item) => item?.seen === false).map((item) => (item as Item).id);
    },
    stop,
  };
}

function present(item: Item | null): Item | null {
  return item?.deleted === true ? null : item;
}
