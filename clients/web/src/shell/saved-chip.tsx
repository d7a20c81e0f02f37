/** How it stands with the hub, always in sight, and all of it when pressed. */

import { useEffect, useRef, useState } from "preact/hooks";
import { type SavedState, savedState } from "../model/saved-state.ts";
import { Button } from "../parts/button.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { Icon, type IconName } from "../parts/icon.tsx";
import { type Speech, usePage, useSpeech } from "./context.ts";
import { useLasting, useReadable } from "./readable.ts";

/** A change that is saved within this time (ms) makes no noise. */
const UNNOTICED = 350;

/** When the connection was lost; null while it is there, and before it ever was. */
function useOfflineSince(): number | null {
  const { hub } = usePage();
  const { state } = useReadable(hub.connection);
  const wasOnline = useRef(state === "online");
  const [since, setSince] = useState<number | null>(null);
  useEffect(() => {
    if (state === "online") {
      wasOnline.current = true;
      setSince(null);
    } else if (wasOnline.current) setSince((known) => known ?? hub.now());
  }, [hub, state]);
  return since;
}

/** What is true now, but for what passes before anybody could read it. */
export function useSavedState(): SavedState {
  const { hub } = usePage();
  const connection = useReadable(hub.connection);
  const unsaved = useReadable(hub.unsaved);
  const since = useOfflineSince();
  const lasting = useLasting(unsaved > 0, UNNOTICED);
  const brief = connection.state === "online" && unsaved > 0 && !lasting;
  return savedState(connection, brief ? 0 : unsaved, since);
}

const ICONS: Record<SavedState["name"], IconName> = {
  starting: "cloud",
  connecting: "cloud",
  saved: "check",
  unsaved: "local",
  offline: "cloudOff",
  signIn: "trouble",
};

/** In a few words. */
function brief(state: SavedState, { words, times }: Speech): string {
  const { saved } = words.shell;
  if (state.name === "unsaved") return saved.unsaved(state.count);
  if (state.name !== "offline") return saved[state.name];
  return state.since === null ? saved.offline : saved.offlineSince(times.clock(state.since));
}

/** In one sentence. */
function whole(state: SavedState, speech: Speech): string {
  const { saved } = speech.words.shell;
  if (state.name !== "offline") return brief(state, speech);
  if (state.since === null) return `${saved.offline}. ${saved.kept}`;
  return saved.keptSince(speech.times.clock(state.since));
}

export function SavedChip() {
  const { overlay, signIn } = usePage();
  const speech = useSpeech();
  const state = useSavedState();
  const open = () => (state.name === "signIn" ? signIn() : overlay.dialog.set(() => <SavedDetail />));
  return (
    <button type="button" class={`saved-chip is-${state.name}`} title={whole(state, speech)} onClick={open}>
      <Icon name={ICONS[state.name]} />
      <span class="saved-words" role="status">
        {brief(state, speech)}
      </span>
    </button>
  );
}

/** Below the header while the hub can't be reached: what that means for what is done now. */
export function OfflineBar() {
  const { hub, signIn } = usePage();
  const speech = useSpeech();
  const { saved } = speech.words.shell;
  const state = useSavedState();
  if (state.name !== "offline" && state.name !== "signIn") return null;
  return (
    <div class={`offline-bar is-${state.name}`}>
      <Icon name={ICONS[state.name]} />
      <p>
        {state.name === "signIn" ? saved.signInDetail : whole(state, speech)}
        {state.name === "offline" && state.count > 0 && ` · ${saved.unsaved(state.count)}`}
      </p>
      {state.name === "signIn" ? (
        <Button look="quiet" onClick={signIn}>
          {saved.signIn}
        </Button>
      ) : (
        <Button look="quiet" onClick={() => hub.wake()}>
          {saved.tryNow}
        </Button>
      )}
    </div>
  );
}

function SavedDetail() {
  const { hub } = usePage();
  const speech = useSpeech();
  const { saved } = speech.words.shell;
  const connection = useReadable(hub.connection);
  const state = useSavedState();
  const offline = connection.state === "waiting";
  return (
    <Dialog
      title={saved.label}
      foot={
        offline && (
          <Button look="primary" onClick={() => hub.wake()}>
            {saved.tryNow}
          </Button>
        )
      }
    >
      <p class="saved-line">
        <Icon name={ICONS[state.name]} />
        <strong>{whole(state, speech)}</strong>
      </p>
      {state.name === "saved" && <p>{saved.allSaved}</p>}
      {state.name === "offline" && state.count > 0 && <p>{saved.waiting(state.count)}</p>}
      {connection.state === "waiting" && (
        <p class="is-muted">
          {connection.reason} {saved.retryAt(speech.times.clock(connection.retryAt))}
        </p>
      )}
    </Dialog>
  );
}
