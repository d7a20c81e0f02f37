import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { explained } from "../src/model/errors.ts";
import { en } from "../src/words/en.ts";
import { fetchWords, preferredLanguage, spoken, tagOf, wordsIn } from "../src/words/languages.ts";
import { zh } from "../src/words/zh.ts";

type Leaf = readonly [path: string, text: string];

/** Every text, functions called with plain arguments. */
function textsOf(words: unknown, path = ""): readonly Leaf[] {
  if (typeof words === "string") return [[path, words]];
  if (typeof words === "function") return [[path, String(words(3, 4))]];
  return Object.entries(words as object).flatMap(([key, value]) => textsOf(value, `${path}.${key}`));
}

/** Said with the same letters in both languages. */
const SAME = /\.(documentTitle|channels\.|platforms\.|nothingFound\.elsewhere)/;

test("Both languages say everything, and nothing twice", () => {
  expect(textsOf(zh).map(([path]) => path)).toEqual(textsOf(en).map(([path]) => path));
  for (const [path, text] of [...textsOf(en), ...textsOf(zh)]) expect(text.trim(), path).not.toBe("");
});

test("Chinese texts are in Chinese, English ones have no Chinese", () => {
  for (const [path, text] of textsOf(zh)) if (!SAME.test(path)) expect(text, path).toMatch(/\p{Script=Han}/u);
  for (const [path, text] of textsOf(en)) expect(text, path).not.toMatch(/\p{Script=Han}/u);
});

test("Chinese texts use Chinese punctuation", () => {
  for (const [path, text] of textsOf(zh)) expect(text, path).not.toMatch(/\p{Script=Han}[,;:!?]/u);
});

test("The page speaks the first of the browser's languages that it knows", () => {
  expect(preferredLanguage(["fr", "zh-TW", "en"])).toBe("zh");
  expect(preferredLanguage(["de"])).toBe("en");
  expect(tagOf("en", ["zh-CN", "en-US"])).toBe("en-US");
  expect(tagOf("zh", ["en-US"])).toBe("zh-CN");
});

test("A page speaks what it has until the words of the language that was chosen are here", async () => {
  expect(spoken("zh")).toBeNull();
  await fetchWords("en");
  expect(spoken("zh")).toBe("en");
  await fetchWords("zh");
  expect([spoken("zh"), wordsIn("zh"), wordsIn("en")]).toEqual(["zh", zh, en]);
});

test("What the hub and the client have against something is said in both languages, with their words as detail", () => {
  const told = { code: "outbox_full", message: "Too much waits." };
  expect(explained(told, zh.errors)).toBe(
    "等待发送的更改过多，请在恢复连接后再试。（详情：Too much waits.）",
  );
  expect(explained({ code: "toString", message: "New." }, en.errors)).toBe("New.");
  expect(protocolCodes().filter((code) => !Object.hasOwn(en.errors.codes, code))).toEqual([]);
});

/** The codes of the table in the protocol's chapter on errors. */
function protocolCodes(): readonly string[] {
  const text = readFileSync(`${import.meta.dirname}/../../../docs/protocol.md`, "utf8");
  const chapter = text.slice(text.indexOf("\n## 9."), text.indexOf("\n## 10."));
  const codes = [...chapter.matchAll(/^\| (?:\d{4} \| )?`([a-z_]+)` \|/gmu)].map((found) => found[1] ?? "");
  expect(codes.length).toBeGreaterThan(20);
  return codes;
}
