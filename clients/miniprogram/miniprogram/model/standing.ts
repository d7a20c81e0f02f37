/** How it stands with the hub, in words: what is saved, what waits, why. */

import type { Speech } from "../i18n/speech";
import { explained, savedState } from "../vendor/inbox";
import type { Connection } from "../vendor/tongbu";

export interface Standing {
  readonly name: string;
  readonly brief: string;
  /** What it means, and when the next try is; empty where the brief says all. */
  readonly detail: string;
  readonly act: "" | "wake" | "signIn";
  readonly actName: string;
}

export interface Observed {
  readonly connection: Connection;
  readonly unsaved: number;
  /** When the connection was lost; null where there was none yet. */
  readonly since: number | null;
  readonly keeps: boolean;
}

export function standingOf(observed: Observed, { words, own, times }: Speech): Standing {
  const { saved } = words.shell;
  const state = savedState(observed);
  const plain = { name: state.name, detail: "", act: "", actName: "" } as const;
  switch (state.name) {
    case "unsaved":
      return { ...plain, brief: saved.unsaved(state.count) };
    case "offline": {
      const brief = state.since === null ? saved.offline : saved.offlineSince(times.clock(state.since));
      const waits = state.count > 0 ? saved.waiting(state.count) : saved.kept;
      const { connection } = observed;
      const detail =
        connection.state === "waiting" ? own.nextTry(waits, times.clock(connection.retryAt)) : waits;
      return { ...plain, brief, detail, act: "wake", actName: saved.tryNow };
    }
    case "signIn": {
      const detail = state.error === null ? saved.signInDetail : explained(state.error, words.errors);
      return { ...plain, brief: saved.signIn, detail, act: "signIn", actName: saved.signIn };
    }
    case "trouble":
      return { ...plain, brief: saved.trouble, detail: saved.troubleDetail };
    default:
      return { ...plain, brief: saved[state.name] };
  }
}
