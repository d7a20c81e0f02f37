/** The row that the keyboard is at, and what the keys do to it. */

import type { Item } from "@tongbu/client";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Command } from "../model/keys.ts";
import type { Listing } from "../model/listing.ts";
import { useCommands } from "../shell/commands.ts";
import { type Page, usePage, useSpeech } from "../shell/context.ts";
import { isWide } from "../shell/media.ts";
import { openSnoozeMenu } from "./snooze.tsx";

export interface Cursor {
  /** The row's item; null before any was pointed at. */
  readonly id: string | null;
  /** Whether it shall be brought into sight and get the focus once it is drawn. */
  readonly wanted: { current: boolean };
  /** `follow`: bring the row into sight and give it the focus. */
  set(id: string | null, follow?: boolean): void;
}

export function useCursor(): Cursor {
  const [id, point] = useState<string | null>(null);
  const wanted = useRef(false);
  const set = (next: string | null, follow = false) => {
    wanted.current = follow;
    point(next);
  };
  return { id, wanted, set };
}

/** The row `step` away; the nearest end where there is none. */
function neighbour(listing: Listing, id: string | null, step: number): string | null {
  const index = id === null ? -1 : listing.indexOf(id);
  const from = index < 0 ? (step > 0 ? -1 : listing.size) : index;
  const to = Math.min(Math.max(0, from + step), listing.size - 1);
  return listing.at(to)?.id ?? null;
}

/** Which row takes the place of one that goes. */
function successor(listing: Listing, id: string): string | null {
  const index = listing.indexOf(id);
  return (listing.at(index + 1) ?? listing.at(index - 1))?.id ?? null;
}

export function useItemCommands(listing: Listing, open: string | null): Cursor {
  const page = usePage();
  const { words, times } = useSpeech();
  const cursor = useCursor();
  useFocusComesBack(cursor, open);
  useSelectBroughtBack(cursor, open);
  const subject = () => {
    const id = open ?? cursor.id;
    return id === null ? null : page.ledger.get(id);
  };
  const move = (step: number) => {
    const next = neighbour(listing, open ?? cursor.id, step);
    cursor.set(next, true);
    if (open !== null && next !== null && isWide()) page.router.go({ item: next }, { replace: true });
  };
  const leave = (item: Item, act: () => void) => {
    cursor.set(listing.indexOf(item.id) < 0 ? cursor.id : successor(listing, item.id), true);
    act();
    if (open !== null) page.router.go({}, { replace: true });
  };
  const onItem = (item: Item): Partial<Record<Command, () => void>> => ({
    ...plainCommands(page, item),
    archive: () => leave(item, () => page.actions.setArchived(item, !item.archived)),
    delete: () => leave(item, () => page.actions.remove(item)),
    snooze: () => openSnoozeMenu(page, { words, times }, item, anchorOf(item.id)),
  });
  useCommands((command) => {
    if (command === "next" || command === "previous") {
      move(command === "next" ? 1 : -1);
      return true;
    }
    const item = subject();
    const run = item === null ? undefined : onItem(item)[command];
    run?.();
    return run !== undefined;
  });
  return cursor;
}

/** What undoing brought back is where the keyboard is then, unless something is open. */
function useSelectBroughtBack(cursor: Cursor, open: string | null): void {
  const { broughtBack } = usePage().actions;
  const latest = useRef({ cursor, open });
  latest.current = { cursor, open };
  useEffect(
    () =>
      broughtBack.subscribe((item) => {
        if (item !== null && latest.current.open === null) latest.current.cursor.set(item.id, true);
      }),
    [broughtBack],
  );
}

/** Who comes back from an item finds the focus at its row. */
function useFocusComesBack(cursor: Cursor, open: string | null): void {
  const before = useRef(open);
  useEffect(() => {
    const left = before.current;
    before.current = open;
    const isLost = document.activeElement === null || document.activeElement === document.body;
    if (open === null && left !== null && isLost) cursor.set(cursor.id ?? left, true);
  });
}

function plainCommands({ actions, router }: Page, item: Item): Partial<Record<Command, () => void>> {
  return {
    open: () => router.go({ item: item.id }),
    read: () => actions.setRead(item, !item.read),
    pin: () => actions.setPinned(item, !item.pinned),
  };
}

/** What a menu about the item opens beside. */
function anchorOf(id: string): Element {
  return (
    document.querySelector(".detail [data-action=snooze]") ??
    document.querySelector(`[data-id="${CSS.escape(id)}"] .row-link`) ??
    document.body
  );
}
