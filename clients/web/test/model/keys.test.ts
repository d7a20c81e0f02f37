import { expect, test } from "vitest";
import { press, SHORTCUTS } from "../../src/model/keys.ts";

const plain = { modified: false, shifted: false, writing: false };

test.each([
  ["j", "next"],
  ["k", "previous"],
  ["e", "archive"],
  ["r", "read"],
  ["s", "snooze"],
  ["z", "undo"],
  ["p", "pin"],
  ["/", "search"],
  ["?", "help"],
  ["Escape", "back"],
])("%s means %s", (key, command) => {
  expect(press({ ...plain, key }, false)).toEqual({ command, begun: false });
});

test("g waits for a second key that names a place, and any other key ends the wait", () => {
  expect(press({ ...plain, key: "g" }, false)).toEqual({ command: null, begun: true });
  expect(press({ ...plain, key: "t" }, true)).toEqual({ command: "goTasks", begun: false });
  expect(press({ ...plain, key: "i" }, true).command).toBe("goInbox");
  expect(press({ ...plain, key: "x" }, true)).toEqual({ command: null, begun: false });
});

test("While writing, letters are letters; Escape leaves the field", () => {
  expect(press({ ...plain, key: "e", writing: true }, false).command).toBeNull();
  expect(press({ ...plain, key: "z", writing: true, modified: true }, false).command).toBeNull();
  expect(press({ ...plain, key: "Escape", writing: true }, false).command).toBe("back");
});

test("Control or command with z undoes, with shift it doesn't; the browser keeps all its other keys", () => {
  expect(press({ ...plain, key: "z", modified: true }, false).command).toBe("undo");
  expect(press({ ...plain, key: "z", modified: true, shifted: true }, false).command).toBeNull();
  expect(press({ ...plain, key: "r", modified: true }, false).command).toBeNull();
});

test("Whatever the help shows works as shown", () => {
  for (const [command, combinations] of SHORTCUTS) {
    for (const combination of combinations.filter((keys) => !/[↑↓+]|Enter|Esc/.test(keys))) {
      const keys = combination.split(" ");
      const begun = keys.length > 1 && press({ ...plain, key: keys[0] ?? "" }, false).begun;
      expect(press({ ...plain, key: keys.at(-1) ?? "" }, begun).command, combination).toBe(command);
    }
  }
});
