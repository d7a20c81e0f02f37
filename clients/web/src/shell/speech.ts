/** The language of the page: words and times, by what the person chose or the browser prefers. */

import { useMemo } from "preact/hooks";
import { timesIn } from "../model/times.ts";
import { preferredLanguage, tagOf, WORDS } from "../words/languages.ts";
import type { Speech } from "./context.ts";
import type { LanguageChoice, Preferences } from "./preferences.ts";
import { useReadable } from "./readable.ts";

export function speechOf(choice: LanguageChoice, tags: readonly string[]): Speech {
  const language = choice === "auto" ? preferredLanguage(tags) : choice;
  const tag = tagOf(language, tags);
  const words = WORDS[language];
  return { language, tag, words, times: timesIn(tag, words.times) };
}

export function useSpeechOf(preferences: Preferences): Speech {
  const choice = useReadable(preferences.language);
  return useMemo(() => {
    const speech = speechOf(choice, navigator.languages);
    document.documentElement.lang = speech.tag;
    return speech;
  }, [choice]);
}
