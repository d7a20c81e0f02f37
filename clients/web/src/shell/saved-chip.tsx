/** How it stands with the hub, always in sight; all of it when pressed. */

import { Button } from "../parts/button.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { Icon } from "../parts/icon.tsx";
import { useNow, usePage, useSpeech } from "./context.ts";
import { useReadable } from "./readable.ts";
import { inBrief, inFull, SAVED_ICONS, useSavedState } from "./use-saved-state.ts";

export function SavedChip() {
  const { overlay, signIn } = usePage();
  const speech = useSpeech();
  const state = useSavedState();
  const now = useNow();
  const open = () => (state.name === "signIn" ? signIn() : overlay.dialog.set(() => <SavedDetail />));
  return (
    <button
      type="button"
      class={`saved-chip is-${state.name}`}
      title={inFull(state, speech, now)}
      onClick={open}
    >
      <Icon name={SAVED_ICONS[state.name]} />
      <span class="saved-words" role="status">
        {inBrief(state, speech, now)}
      </span>
    </button>
  );
}

function SavedDetail() {
  const { hub } = usePage();
  const speech = useSpeech();
  const { saved } = speech.words.shell;
  const connection = useReadable(hub.connection);
  const state = useSavedState();
  const now = useNow();
  const foot = connection.state === "waiting" && (
    <Button look="primary" onClick={() => hub.wake()}>
      {saved.tryNow}
    </Button>
  );
  return (
    <Dialog title={saved.label} foot={foot}>
      <p class="saved-line">
        <Icon name={SAVED_ICONS[state.name]} />
        <strong>{inBrief(state, speech, now)}</strong>
      </p>
      {state.name === "saved" && <p>{saved.allSaved}</p>}
      {state.name === "offline" && <p>{saved.kept}</p>}
      {state.name === "trouble" && <p>{saved.troubleDetail}</p>}
      {state.name === "offline" && state.count > 0 && <p>{saved.waiting(state.count)}</p>}
      {connection.state === "waiting" && (
        <p class="is-muted">
          {connection.reason} {saved.retryAt(speech.times.clock(connection.retryAt))}
        </p>
      )}
    </Dialog>
  );
}
