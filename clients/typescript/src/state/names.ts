/** The alphabets of names, item ids and topics, as docs/protocol.md §4 and §5 have them. */

import { Refusal } from "../errors.js";

export type LedgerKind = "inbox" | "space";
export type TopicKind = LedgerKind | "doc";

/** What a statement's `item` names: an item, `*`, `space/<name>/<id>`, `space/<name>/*`. */
export type Target = "item" | "all" | "personal" | "personalAll";

/** The item that stands for every item of an inbox: `read_upto` is stated on it. */
export const ALL = "*";

const MAX_NAME = 64;
const NAME = /^[\w.~@-]{1,64}$/;
const ITEM_ID = /^(?!_)\w[\w.~-]{0,63}$/;

/** Whether it names a user, device, channel or space. No URL can hold `.` and `..`: they are no names. */
export function isName(value: unknown): value is string {
  return typeof value === "string" && NAME.test(value) && value !== "." && value !== "..";
}

/** Whether it is the id of a notification or task. */
export function isItemId(value: unknown): value is string {
  return typeof value === "string" && ITEM_ID.test(value);
}

/**
 * Whether it names a document: names joined by `/`, at most 64 characters in all, or longer where it is the document of an
 * item, `inbox/<user>/<item id>` or `space/<name>/<item id>`.
 */
export function isDocumentName(value: unknown): value is string {
  if (typeof value !== "string") return false;
  const parts = value.split("/");
  return parts.every(isName) && (value.length <= MAX_NAME || isItemsDocument(parts));
}

function isItemsDocument([ledger, , item, more]: readonly string[]): boolean {
  return (ledger === "inbox" || ledger === "space") && isItemId(item) && more === undefined;
}

/** Take a topic apart. Throws `bad_id` or `unknown_topic`. */
export function topicKind(topic: unknown): { readonly kind: TopicKind; readonly name: string } {
  if (typeof topic !== "string") throw new Refusal("bad_id", "a topic is a string");
  const slash = topic.indexOf("/");
  const kind = slash < 0 ? topic : topic.slice(0, slash);
  const name = slash < 0 ? "" : topic.slice(slash + 1);
  if (kind !== "inbox" && kind !== "space" && kind !== "doc") {
    throw new Refusal("unknown_topic", "there is no such kind of topic");
  }
  if (kind === "doc" ? isDocumentName(name) : isName(name)) return { kind, name };
  throw new Refusal("bad_id", "that is no name of a topic");
}

/** The item under which a reader states what is personal about a shared item (`*`: about all). */
export function personalName(space: string, item: string): string {
  return `space/${space}/${item}`;
}

/** Take a personal item apart; null where `item` is of another sort. */
export function personalItem(item: string): { readonly space: string; readonly item: string } | null {
  const [kind, space = "", id = "", more] = item.split("/");
  const sound = kind === "space" && NAME.test(space) && (id === ALL || isItemId(id)) && more === undefined;
  return sound ? { space, item: id } : null;
}

/** What `item` names in a ledger of that kind. Throws `bad_id`. */
export function targetOf(kind: LedgerKind, item: unknown): Target {
  if (isItemId(item)) return "item";
  if (kind === "inbox" && typeof item === "string") {
    if (item === ALL) return "all";
    const personal = personalItem(item);
    if (personal) return personal.item === ALL ? "personalAll" : "personal";
  }
  throw new Refusal("bad_id", "that is no id");
}
