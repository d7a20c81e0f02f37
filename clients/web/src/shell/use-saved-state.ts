/** How it stands with the hub, in components. */

import { explained, type Told } from "../model/errors.ts";
import { type SavedState, savedState } from "../model/saved-state.ts";
import type { IconName } from "../parts/icon.tsx";
import { type Speech, usePage } from "./context.ts";
import { useLasting, useReadable } from "./readable.ts";

/** A change that is saved within this time (ms) makes no noise. */
const UNNOTICED = 350;

export const SAVED_ICONS: Record<SavedState["name"], IconName> = {
  starting: "cloud",
  connecting: "cloud",
  saved: "check",
  unsaved: "local",
  offline: "cloudOff",
  signIn: "trouble",
  trouble: "trouble",
};

/** What is true now, but for what passes before anybody could read it. */
export function useSavedState(): SavedState {
  const { hub, offlineSince } = usePage();
  const connection = useReadable(hub.connection);
  const unsaved = useReadable(hub.unsaved);
  const failure = useReadable(hub.storeFailure);
  const since = useReadable(offlineSince);
  const lasting = useLasting(unsaved > 0, UNNOTICED);
  const passing = connection.state === "online" && unsaved > 0 && !lasting;
  return savedState({ connection, unsaved: passing ? 0 : unsaved, since, keeps: failure === null });
}

/** In a few words; `now` (ms) tells the days apart. */
export function inBrief(state: SavedState, { words, times }: Speech, now: number): string {
  const { saved } = words.shell;
  if (state.name === "unsaved") return saved.unsaved(state.count);
  if (state.name !== "offline") return saved[state.name];
  return state.since === null ? saved.offline : saved.offlineSince(times.moment(state.since, now));
}

/** A device that may not connect was revoked; the hub's own sentence says no more. */
function whyRefused(error: Told, { words }: Speech): string {
  return error.code === "forbidden" ? words.devices.signIn.deviceRefused : explained(error, words.errors);
}

/** With what it means. */
export function inFull(state: SavedState, speech: Speech, now: number): string {
  const { saved } = speech.words.shell;
  if (state.name === "signIn")
    return state.error === null ? saved.signInDetail : whyRefused(state.error, speech);
  if (state.name === "trouble") return saved.troubleDetail;
  if (state.name !== "offline") return inBrief(state, speech, now);
  return state.since === null ? saved.keptOffline : saved.keptSince(speech.times.moment(state.since, now));
}
