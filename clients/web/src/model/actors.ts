/** Who made an item or a statement, told from the name that the hub keeps of them. */

export type Actor =
  | { readonly kind: "here" | "hub" }
  /** Some device, by id. */
  | { readonly kind: "device"; readonly id: string }
  /** Over HTTP, with a token of that user. */
  | { readonly kind: "program"; readonly user: string }
  /** Somebody in a channel: `wecom:<who>`. */
  | { readonly kind: "channel"; readonly channel: string; readonly who: string };

const PROGRAM = ".api";

/** @param device this one's id. */
export function actorOf(by: string, device: string | null): Actor {
  if (by === device) return { kind: "here" };
  if (by === "hub") return { kind: "hub" };
  if (by.endsWith(PROGRAM)) return { kind: "program", user: by.slice(0, -PROGRAM.length) };
  const colon = by.indexOf(":");
  if (colon < 0) return { kind: "device", id: by };
  return { kind: "channel", channel: by.slice(0, colon), who: by.slice(colon + 1) };
}
