/** Addresses of pages. The hub answers each with the same document, so all of them can be opened directly. */

import { LIST_NAMES, type ListName } from "./views.ts";

export type PageName = "devices" | "settings";

export interface Route {
  /** The list beside or below what is open. */
  readonly list: ListName;
  /** Instead of the list. */
  readonly page: PageName | null;
  /** The item that is open, by id. */
  readonly item: string | null;
}

export const HOME: Route = { list: "inbox", page: null, item: null };

const ITEM = /^\/item\/([A-Za-z0-9][A-Za-z0-9_.~-]{0,63})$/;

/** The route of a path. An item's path does not name its list: that is `list`. What is unknown is the inbox. */
export function routeOf(path: string, list: ListName = "inbox"): Route {
  const item = ITEM.exec(path)?.[1];
  if (item !== undefined) return { list, page: null, item };
  const name = path.replace(/^\/|\/$/g, "");
  if (name === "devices" || name === "settings") return { list, page: name, item: null };
  return { ...HOME, list: LIST_NAMES.find((known) => known === name) ?? "inbox" };
}

export function pathOf({ list, page, item }: Route): string {
  if (item !== null) return `/item/${item}`;
  if (page !== null) return `/${page}`;
  return list === "inbox" ? "/" : `/${list}`;
}
