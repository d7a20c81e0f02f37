/** Which language the page speaks. */

import { en, type Words } from "./en.ts";
import { zh } from "./zh.ts";

export type Language = "en" | "zh";

export const WORDS: Record<Language, Words> = { en, zh };

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
