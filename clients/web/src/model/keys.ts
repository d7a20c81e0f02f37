/** What a key means. Pure: the page tells what was pressed, and keeps what `press` gives back until the next one. */

export type Command =
  | "next"
  | "previous"
  | "open"
  | "archive"
  | "read"
  | "snooze"
  | "undo"
  | "pin"
  | "delete"
  | "search"
  | "newTask"
  | "help"
  | "back"
  | "goInbox"
  | "goTasks"
  | "goSnoozed"
  | "goArchived"
  | "goDevices"
  | "goSettings";

export interface Press {
  readonly key: string;
  /** Control or, on a Mac, command. */
  readonly modified: boolean;
  readonly shifted: boolean;
  /** Whether it was pressed while writing into a field. */
  readonly writing: boolean;
}

export interface Pressed {
  readonly command: Command | null;
  /** Whether the next key completes this one (`g`). */
  readonly begun: boolean;
}

const KEYS: Readonly<Record<string, Command>> = {
  j: "next",
  k: "previous",
  ArrowDown: "next",
  ArrowUp: "previous",
  Enter: "open",
  o: "open",
  e: "archive",
  r: "read",
  s: "snooze",
  z: "undo",
  p: "pin",
  "#": "delete",
  Delete: "delete",
  "/": "search",
  c: "newTask",
  n: "newTask",
  "?": "help",
  Escape: "back",
};

const AFTER_G: Readonly<Record<string, Command>> = {
  i: "goInbox",
  t: "goTasks",
  s: "goSnoozed",
  a: "goArchived",
  d: "goDevices",
  ",": "goSettings",
};

const NOTHING: Pressed = { command: null, begun: false };

/** `begun`: what the key before gave back. */
export function press(pressed: Press, begun: boolean): Pressed {
  const { key, modified, writing } = pressed;
  if (writing) return key === "Escape" ? command("back") : NOTHING;
  if (modified) return key === "z" && !pressed.shifted ? command("undo") : NOTHING;
  if (begun) return command(AFTER_G[key] ?? null);
  return key === "g" ? { command: null, begun: true } : command(KEYS[key] ?? null);
}

function command(name: Command | null): Pressed {
  return { command: name, begun: false };
}

/** For the help page: each command with how it is pressed; a blank divides keys pressed one after another. */
export const SHORTCUTS: readonly (readonly [Command, readonly string[]])[] = [
  ["next", ["j", "↓"]],
  ["previous", ["k", "↑"]],
  ["open", ["Enter"]],
  ["back", ["Esc"]],
  ["archive", ["e"]],
  ["read", ["r"]],
  ["snooze", ["s"]],
  ["pin", ["p"]],
  ["delete", ["#"]],
  ["undo", ["z", "Ctrl+Z"]],
  ["newTask", ["c", "n"]],
  ["search", ["/"]],
  ["goInbox", ["g i"]],
  ["goTasks", ["g t"]],
  ["goSnoozed", ["g s"]],
  ["goArchived", ["g a"]],
  ["goDevices", ["g d"]],
  ["goSettings", ["g ,"]],
  ["help", ["?"]],
];
