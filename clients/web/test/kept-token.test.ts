import { beforeEach, expect, test } from "vitest";
import { keepToken, keptToken, tokenSource } from "../src/kept-token.ts";

beforeEach(() => localStorage.clear());

const aToken = (sub: string, exp: number) => `e30.${btoa(JSON.stringify({ sub, exp }))}.x`;
const refuses = async () => null;

test("A token is kept until it is forgotten, and what replaces it is kept in its place", async () => {
  keepToken(aToken("ann", 1));
  let end = 1;
  const ask = tokenSource(aToken("ann", 1), async () => aToken("ann", ++end));
  expect(await ask()).toBe(aToken("ann", 1));
  expect(await ask()).toBe(aToken("ann", 2));
  expect(await ask()).toBe(aToken("ann", 3));
  expect(keptToken()).toBe(aToken("ann", 3));
  keepToken(null);
  expect(keptToken()).toBeNull();
});

test("A tab that asks later takes what another tab renewed, and never puts its own old one in its place", async () => {
  const ask = tokenSource(aToken("ann", 1), refuses);
  keepToken(aToken("ann", 9));
  expect(await ask()).toBe(aToken("ann", 9));
  expect(await ask()).toBe(aToken("ann", 9));
  expect(keptToken()).toBe(aToken("ann", 9));
  const old = tokenSource(aToken("ann", 1), async (token) => token);
  keepToken(aToken("ann", 1));
  expect(await old()).toBe(aToken("ann", 1));
  keepToken(aToken("ann", 5));
  expect(await old()).toBe(aToken("ann", 5));
  expect(keptToken()).toBe(aToken("ann", 5));
});

test("What is renewed isn't kept where somebody else is signed in by now, or nobody", async () => {
  for (const kept of [aToken("bob", 3), null]) {
    keepToken(aToken("ann", 1));
    const ask = tokenSource(aToken("ann", 1), async () => aToken("ann", 7));
    await ask();
    keepToken(kept);
    expect(await ask()).toBe(aToken("ann", 7));
    expect(keptToken()).toBe(kept);
  }
});
