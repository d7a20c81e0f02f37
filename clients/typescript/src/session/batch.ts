/**
 * What one step changes of what a device keeps: written in one transaction, and told to the other pages.
 *
 * Keys of the store (layout 1), their parts apart by spaces, which no name holds:
 *
 * | key                     | value                                                              |
 * |-------------------------|--------------------------------------------------------------------|
 * | `meta`                  | `{version, user, device, token?, code?}`                           |
 * | `clock`                 | `[highest stamp, highest that the hub holds]`                      |
 * | `t <topic>`             | `[incarnation, seq]`                                               |
 * | `r <topic> <item>`      | `{slot: [value, hlc, actor]}`, the hub's word                      |
 * | `o <topic> <id>`        | `[item, field, value, hlc]`, a statement that waits                |
 * | `u <topic> <number>`    | a document's update, of the hub                                    |
 * | `e <topic> <id>`        | a document's edit that waits                                       |
 */
import type { Refused } from "../api.js";

/** One thing that is kept of a topic: its kind (`r`, `o`, `u`, `e`), its name within the topic, its value. */
export type Row = readonly [kind: string, name: string, value: unknown];

/** How something said ended: the hub has it (null), refused it, or another thing said (its id) stands for it. */
export type Answer = readonly [id: string, outcome: null | Refused | string];

/** Kinds of rows that wait for the hub. */
export const WAITING: readonly string[] = ["o", "e"];

export const META = "meta";
export const CLOCK = "clock";
export const LAYOUT = 1;

export function keyOf(kind: string, topic: string, name?: string): string {
  return name === undefined ? `${kind} ${topic}` : `${kind} ${topic} ${name}`;
}

/** Kind, topic and name of a key; of `meta` and `clock` the topic is "". */
export function partsOf(key: string): readonly [kind: string, topic: string, name: string] {
  const [kind, topic, name = ""] = key.split(" ") as [string, string, string?];
  return [kind, topic, name];
}

export class Batch {
  readonly puts = new Map<string, unknown>();
  readonly removals = new Set<string>();
  readonly answers: Answer[] = [];

  get empty(): boolean {
    return this.puts.size + this.removals.size + this.answers.length === 0;
  }

  put(kind: string, topic: string, name: string | undefined, value: unknown): void {
    this.set(keyOf(kind, topic, name), value);
  }

  set(key: string, value: unknown): void {
    this.removals.delete(key);
    this.puts.set(key, value);
  }

  remove(kind: string, topic: string, name: string): void {
    this.unset(keyOf(kind, topic, name));
  }

  private unset(key: string): void {
    this.puts.delete(key);
    this.removals.add(key);
  }

  answer(id: string, outcome: Answer[1]): void {
    this.answers.push([id, outcome]);
  }

  /** Takes another's steps after its own. */
  add(later: Batch): void {
    for (const [key, value] of later.puts) this.set(key, value);
    for (const key of later.removals) this.unset(key);
    this.answers.push(...later.answers);
  }
}
