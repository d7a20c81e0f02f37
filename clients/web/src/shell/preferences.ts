/** What a person chose for this browser: appearance and language. Kept beside the page, not in the hub. */

import { Value } from "../model/value.ts";
import type { Language } from "../words/languages.ts";

export type Theme = "auto" | "light" | "dark";
export type LanguageChoice = "auto" | Language;

export interface Preferences {
  readonly theme: Value<Theme>;
  readonly language: Value<LanguageChoice>;
}

const THEMES: readonly Theme[] = ["auto", "light", "dark"];
const LANGUAGES: readonly LanguageChoice[] = ["auto", "en", "zh"];

/** Private windows may have no storage: then a choice lasts as long as the page. */
function stored(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function store(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    return;
  }
}

function choice<Name extends string>(key: string, names: readonly Name[], fallback: Name): Value<Name> {
  const kept = stored(key);
  const value = new Value(names.find((name) => name === kept) ?? fallback);
  value.subscribe((name) => store(key, name));
  return value;
}

export function openPreferences(): Preferences {
  const theme = choice("tongbu.theme", THEMES, "auto");
  const language = choice("tongbu.language", LANGUAGES, "auto");
  const wear = (name: Theme) => {
    document.documentElement.dataset.theme = name;
  };
  theme.subscribe(wear);
  wear(theme.get());
  return { theme, language };
}
