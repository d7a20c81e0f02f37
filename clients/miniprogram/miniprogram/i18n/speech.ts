/** What the program says, in the language that WeChat is set to. */

import { plainTimes } from "../model/times";
import { type Language, preferredLanguage, type Times, WORDS, type Words } from "../vendor/inbox";
import { en, type ProgramWords, zh } from "./program";

export interface Speech {
  readonly language: Language;
  readonly words: Words;
  readonly own: ProgramWords;
  readonly times: Times;
}

/** @param tag of WeChat's setting: `zh_CN`, `en` … */
export function speechFor(tag: string): Speech {
  const language = preferredLanguage([tag]);
  const words = WORDS[language];
  return { language, words, own: language === "zh" ? zh : en, times: plainTimes(language, words.times) };
}
