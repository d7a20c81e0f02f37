/** The language of the page: words and times, by what the person chose or the browser prefers. */

import { useEffect, useMemo, useReducer } from "preact/hooks";
import { timesIn } from "../model/times.ts";
import { fetchWords, type Language, preferredLanguage, spoken, tagOf, wordsIn } from "../words/languages.ts";
import type { Speech } from "./context.ts";
import type { LanguageChoice, Preferences } from "./preferences.ts";
import { useReadable } from "./readable.ts";

export function languageOf(choice: LanguageChoice, tags: readonly string[]): Language {
  return choice === "auto" ? preferredLanguage(tags) : choice;
}

function speechIn(language: Language, tags: readonly string[]): Speech {
  const tag = tagOf(language, tags);
  const words = wordsIn(language);
  return { language, tag, words, times: timesIn(tag, words.times) };
}

/** Null until the words of a language are here; another language begins once its words are. */
export function useSpeechOf(preferences: Preferences): Speech | null {
  const wanted = languageOf(useReadable(preferences.language), navigator.languages);
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const language = spoken(wanted);
  useEffect(() => {
    if (language !== wanted)
      fetchWords(wanted).then(
        () => redraw(undefined),
        () => undefined,
      );
  }, [wanted]);
  return useMemo(() => {
    if (language === null) return null;
    const speech = speechIn(language, navigator.languages);
    document.documentElement.lang = speech.tag;
    return speech;
  }, [language]);
}
