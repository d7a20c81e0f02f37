import { Awareness } from "y-protocols/awareness";
import type * as Y from "yjs";
import type { Json, Present } from "../api.js";
import { pack } from "../protocol/msgpack.js";
import { STATE_BYTES } from "../session/presence.js";

/** What a page says of itself on the native wire: the state of its Yjs client id. */
type Said = Readonly<Record<string, Json>>;

/** Where changes come from that others made. */
export const OTHERS = "tongbu";

/**
 * `Awareness` of y-protocols, so that editors show cursors, over the native presence. The hub tells who is gone, so nothing
 * is renewed and nothing times out.
 */
export function quietAwareness(doc: Y.Doc): Awareness {
  const awareness = new Awareness(doc);
  clearInterval(awareness._checkInterval as ReturnType<typeof setInterval>);
  return awareness;
}

/** What the hub is told of a page, as JSON has it, like every Yjs provider; null where it shows nothing of itself. */
export function saidOf(awareness: Awareness): Said | null {
  const state = awareness.getLocalState();
  if (state === null || Object.keys(state).length === 0) return null;
  return { [awareness.clientID]: JSON.parse(JSON.stringify(state)) as Json };
}

/** Whether the hub takes it. */
export function fits(said: Said | null): boolean {
  return pack(said as never).length <= STATE_BYTES;
}

/** What several pages say, the latest last, in one: the latest, as many as the hub takes. */
export function together(states: readonly Json[]): Said | null {
  let all: Said | null = null;
  for (const state of [...states].reverse()) {
    const more: Said = { ...(state as Said), ...all };
    if (!fits(more)) break;
    all = more;
  }
  return all;
}

/** Shows those who are there, and only them. */
export function showOthers(awareness: Awareness, others: ReadonlyMap<string, Present>): void {
  const wanted = statesOf(others);
  wanted.delete(awareness.clientID);
  const known = [...awareness.states.keys()].filter((id) => id !== awareness.clientID);
  const removed = known.filter((id) => !wanted.has(id));
  const added = [...wanted.keys()].filter((id) => !awareness.states.has(id));
  const updated = [...wanted]
    .filter(([id, state]) => differs(awareness.states.get(id), state))
    .map(([id]) => id);
  for (const id of removed) awareness.states.delete(id);
  for (const [id, state] of wanted) show(awareness, id, state);
  if (added.length + updated.length + removed.length === 0) return;
  const change = { added, updated, removed };
  awareness.emit("change", [change, OTHERS]);
  awareness.emit("update", [change, OTHERS]);
}

function show(awareness: Awareness, id: number, state: Record<string, unknown>): void {
  const clock = (awareness.meta.get(id)?.clock ?? 0) + 1;
  awareness.states.set(id, state);
  awareness.meta.set(id, { clock, lastUpdated: Date.now() });
}

function statesOf(others: ReadonlyMap<string, Present>): Map<number, Record<string, unknown>> {
  const states = new Map<number, Record<string, unknown>>();
  for (const { state } of others.values()) {
    for (const [id, each] of Object.entries(isMap(state) ? state : {})) {
      if (/^\d{1,16}$/.test(id) && isMap(each)) states.set(Number(id), each);
    }
  }
  return states;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function differs(known: unknown, state: unknown): boolean {
  return known !== undefined && JSON.stringify(known) !== JSON.stringify(state);
}
