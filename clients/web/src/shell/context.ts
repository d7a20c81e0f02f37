/** What every component can reach. */

import type { Hub, Ledger, Readable } from "@tongbu/client";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { DeviceNames } from "../devices/device-names.ts";
import type { History } from "../inbox/history.ts";
import type { AttemptEnds } from "../model/attempts.ts";
import type { Times } from "../model/times.ts";
import type { Value } from "../model/value.ts";
import type { Waking } from "../model/waking.ts";
import type { Words } from "../words/en.ts";
import type { Language } from "../words/languages.ts";
import type { Actions } from "./actions.ts";
import type { Attempt } from "./attempt.ts";
import type { Commands } from "./commands.ts";
import type { Overlay } from "./overlay.ts";
import type { Preferences } from "./preferences.ts";
import { useReadable } from "./readable.ts";
import type { Router } from "./router.ts";

export interface Speech {
  readonly language: Language;
  /** For `lang` and `Intl`. */
  readonly tag: string;
  readonly words: Words;
  readonly times: Times;
}

/** One signed-in page. None of it changes while it is open. */
export interface Page {
  readonly hub: Hub;
  /** The own inbox. */
  readonly ledger: Ledger;
  readonly router: Router;
  readonly overlay: Overlay;
  readonly preferences: Preferences;
  readonly actions: Actions;
  /** Around everything that states something. */
  readonly attempt: Attempt;
  readonly commands: Commands;
  readonly history: History;
  readonly attemptEnds: AttemptEnds;
  readonly waking: Waking;
  readonly deviceNames: DeviceNames;
  /** What is searched for; empty where nothing is. */
  readonly query: Value<string>;
  /** Whether what this device's store holds is here. */
  readonly isLoaded: Readable<boolean>;
  /** When the connection was lost (ms); null while it is there, and where that is not known. */
  readonly offlineSince: Readable<number | null>;
  /** Now by the hub's clock, changing each minute. */
  readonly minute: Readable<number>;
  /** To the sign-in page, keeping what is unsaved. */
  readonly signIn: () => void;
  /** Forget everything on this device. */
  readonly signOut: () => void;
}

const SpeechContext = createContext<Speech | null>(null);
const PageContext = createContext<Page | null>(null);

export const SpeechProvider = SpeechContext.Provider;
export const PageProvider = PageContext.Provider;

function present<Content>(content: Content | null): Content {
  if (content === null) throw new Error("A component stands outside its provider.");
  return content;
}

export function useSpeech(): Speech {
  return present(useContext(SpeechContext));
}

export function useWords(): Words {
  return useSpeech().words;
}

export function usePage(): Page {
  return present(useContext(PageContext));
}

/** Now (ms), drawn anew each minute. */
export function useNow(): number {
  return useReadable(usePage().minute);
}
