/** Which language the page speaks. A page fetches the words of its own language, and the other's once it is chosen. */

import type { Words } from "./en.ts";

export type Language = "en" | "zh";

const FETCH: Readonly<Record<Language, () => Promise<Words>>> = {
  en: async () => (await import("./en.ts")).en,
  zh: async () => (await import("./zh.ts")).zh,
};

const here = new Map<Language, Words>();

/** The language, where its words were fetched; else the one whose words are here; null before any are. */
export function spoken(wanted: Language): Language | null {
  return here.has(wanted) ? wanted : ([...here.keys()][0] ?? null);
}

/** Words that were fetched. */
export function wordsIn(language: Language): Words {
  return here.get(language) as Words;
}

/** Fetches the words. Rejects where they can't be had. */
export async function fetchWords(language: Language): Promise<void> {
  here.set(language, await FETCH[language]());
}

/** What each language calls itself. */
export const LANGUAGE_NAMES: Record<Language, string> = { en: "English", zh: "中文" };

const TAGS: Record<Language, string> = { en: "en-GB", zh: "zh-CN" };

/** The first of the browser's languages that we speak. */
export function preferredLanguage(tags: readonly string[]): Language {
  const first = tags
    .map((tag) => tag.slice(0, 2).toLowerCase())
    .find((name) => name === "zh" || name === "en");
  return first === "zh" ? "zh" : "en";
}

/** A tag for `lang` and `Intl`: the browser's own variant of the language, where it names one. */
export function tagOf(language: Language, tags: readonly string[]): string {
  return tags.find((tag) => tag.toLowerCase().startsWith(`${language}-`)) ?? TAGS[language];
}
