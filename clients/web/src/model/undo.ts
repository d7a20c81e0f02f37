/** Taking back what was done: by stating the former value once more, as anybody would. */

import type { Item, Marks } from "@tongbu/client";

/** What one action stated on one item. */
export interface Step {
  readonly id: string;
  readonly marks: Marks;
}

const MARKS = ["seen", "read", "archived", "pinned", "deleted"] as const;

/** What states the fields of `marks` back to how they stand in `item`; empty where they stand so already. */
export function inverse(item: Item, marks: Marks): Marks {
  const back: { -readonly [Name in keyof Marks]: Marks[Name] } = {};
  for (const name of MARKS) {
    if (marks[name] !== undefined && marks[name] !== item[name]) back[name] = item[name];
  }
  if (marks.snoozed !== undefined && marks.snoozed !== item.snoozed) back.snoozed = item.snoozed;
  return back;
}

/** The steps that take back `marks` on each of `items`. */
export function takingBack(items: Iterable<Item>, marks: Marks): readonly Step[] {
  return [...items]
    .map((item) => ({ id: item.id, marks: inverse(item, marks) }))
    .filter(({ marks: back }) => Object.keys(back).length > 0);
}

/** One action that can be taken back. */
export interface Undoable {
  readonly steps: readonly Step[];
}

/** The latest actions, newest last; the oldest are forgotten beyond `limit`. */
export class UndoStack<Action extends Undoable = Undoable> {
  readonly #limit: number;
  #actions: Action[] = [];

  constructor(limit = 50) {
    this.#limit = limit;
  }

  push(action: Action): void {
    this.#actions = [...this.#actions, action].slice(-this.#limit);
  }

  /** The latest action, or the one given; it is then no longer here. Null where there is none. */
  take(action: Action | undefined = this.#actions.at(-1)): Action | null {
    if (action === undefined || !this.#actions.includes(action)) return null;
    this.#actions = this.#actions.filter((other) => other !== action);
    return action;
  }
}
