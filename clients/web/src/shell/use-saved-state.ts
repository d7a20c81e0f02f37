/** How it stands with the hub, in components. */

import type { Hub } from "@tongbu/client";
import { explained } from "../model/errors.ts";
import { type SavedState, savedState } from "../model/saved-state.ts";
import type { Value } from "../model/value.ts";
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

/** Keeps in `since` when the connection was lost; null while it is there, and before it ever was. */
export function followConnection(hub: Hub, since: Value<number | null>): () => void {
  let wasOnline = hub.connection.get().state === "online";
  return hub.connection.subscribe(({ state }) => {
    if (state === "online") since.set(null);
    else if (wasOnline && since.get() === null) since.set(hub.now());
    wasOnline ||= state === "online";
  });
}

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

/** In a few words. */
export function inBrief(state: SavedState, { words, times }: Speech): string {
  const { saved } = words.shell;
  if (state.name === "unsaved") return saved.unsaved(state.count);
  if (state.name !== "offline") return saved[state.name];
  return state.since === null ? saved.offline : saved.offlineSince(times.clock(state.since));
}

/** With what it means. */
export function inFull(state: SavedState, speech: Speech): string {
  const { errors, shell } = speech.words;
  const { saved } = shell;
  if (state.name === "signIn")
    return state.error === null ? saved.signInDetail : explained(state.error, errors);
  if (state.name === "trouble") return saved.troubleDetail;
  if (state.name !== "offline") return inBrief(state, speech);
  return state.since === null ? saved.keptOffline : saved.keptSince(speech.times.clock(state.since));
}
