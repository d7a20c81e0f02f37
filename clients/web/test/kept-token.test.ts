import { beforeEach, expect, test } from "vitest";
import { keepToken, keptToken, tokenSource } from "../src/kept-token.ts";

beforeEach(() => localStorage.clear());

test("A token is kept until it is forgotten, and what replaces it is kept in its place", async () => {
  keepToken("first");
  expect(keptToken()).toBe("first");
  const ask = tokenSource("first", async (token) => `${token}+`);
  expect(await ask()).toBe("first");
  expect(await ask()).toBe("first+");
  expect(await ask()).toBe("first++");
  expect(keptToken()).toBe("first++");
  keepToken(null);
  expect(keptToken()).toBeNull();
});
