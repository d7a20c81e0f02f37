import type { Value } from "../model/value.ts";
import { LANGUAGE_NAMES } from "../words/languages.ts";
import { useSpeech } from "./context.ts";
import type { LanguageChoice } from "./preferences.ts";

interface LanguageSwitchProps {
  readonly choice: Value<LanguageChoice>;
  /** Whether its name is cut to a sign, where there is little room. */
  readonly short?: boolean;
}

/** To the other language, named in that language. */
export function LanguageSwitch({ choice, short = false }: LanguageSwitchProps) {
  const { language } = useSpeech();
  const other = language === "zh" ? "en" : "zh";
  return (
    <button
      type="button"
      class={`language-switch${short ? " only-wide" : ""}`}
      lang={other}
      aria-label={LANGUAGE_NAMES[other]}
      title={LANGUAGE_NAMES[other]}
      onClick={() => choice.set(other)}
    >
      {short ? { zh: "中", en: "EN" }[other] : LANGUAGE_NAMES[other]}
    </button>
  );
}
