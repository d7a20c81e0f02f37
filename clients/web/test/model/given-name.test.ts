import { expect, test } from "vitest";
import { givenName } from "../../src/model/given-name.ts";

test("What nobody sees is left out of a name, and a name that shows nothing is none", () => {
  const hidden = [
    "",
    " ",
    "\u200b",
    "\ufeff",
    "\u00a0\u3000",
    "\u3164",
    "\u2800",
    "\ufe0f",
    "\u200d",
    "\ud800",
  ];
  expect(hidden.map(givenName)).toEqual(hidden.map(() => ""));
  expect(givenName("\u202eevil\u200b")).toBe("evil");
  expect(givenName("\u200d a\u200d\u200db \u200c ")).toBe("ab");
  expect(givenName("  小梅的\n 手机 ")).toBe("小梅的 手机");
});

test("Names of any script and emoji of several parts stay as they are", () => {
  const names = [
    "小梅的手机 📱",
    "👩\u200d💻",
    "❤\ufe0f\u200d🔥",
    "می\u200cخواهم",
    "Zoë's",
    "Zoe\u0308",
    "7",
  ];
  expect(names.map(givenName)).toEqual(names);
});
