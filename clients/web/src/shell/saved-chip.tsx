/** How it stands with the hub, always in sight; all of it when pressed. */

import type { Connection } from "@tongbu/client";
import { wordsOf } from "../model/errors.ts";
import { Button } from "../parts/button.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { Icon } from "../parts/icon.tsx";
import { useNow, usePage, useSpeech } from "./context.ts";
import { useReadable } from "./readable.ts";
import { inBrief, inFull, SAVED_ICONS, useSavedState } from "./use-saved-state.ts";
import { useSeconds } from "./use-seconds.ts";

export function SavedChip() {
  const { overlay, signIn } = usePage();
  const speech = useSpeech();
  const { saved } = speech.words.shell;
  const state = useSavedState();
  const now = useNow();
  const open = () => (state.name === "signIn" ? signIn() : overlay.dialog.set(() => <SavedDetail />));
  return (
    <button
      type="button"
      class={`saved-chip is-${state.name}`}
      title={inFull(state, speech, now)}
      {...(state.name === "signIn" && { "aria-label": `${saved.signIn}: ${inFull(state, speech, now)}` })}
      onClick={open}
    >
      <Icon name={SAVED_ICONS[state.name]} />
      <span class="saved-words" role="status">
        {inBrief(state, speech, now)}
      </span>
    </button>
  );
}

/** Why the hub is away, as far as its code tells, and when it is tried again. */
function NextTry({ connection }: { readonly connection: Connection }) {
  const { words, times } = useSpeech();
  const { saved } = words.shell;
  const { codes } = words.errors;
  const isWaiting = connection.state === "waiting";
  const now = useSeconds(isWaiting);
  if (!isWaiting) return <p class="is-muted">{saved.tryingNow}</p>;
  const why = wordsOf(connection.reason, codes) ?? codes.not_connected;
  const left = Math.max(1000, connection.retryAt - now);
  return <p class="is-muted">{saved.retryIn(why, times.duration(left))}</p>;
}

function SavedDetail() {
  const { hub } = usePage();
  const speech = useSpeech();
  const { saved } = speech.words.shell;
  const connection = useReadable(hub.connection);
  const state = useSavedState();
  const now = useNow();
  const isAway =
    connection.state === "waiting" || (connection.state === "connecting" && state.name === "offline");
  const foot = isAway && (
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
      {isAway && <NextTry connection={connection} />}
    </Dialog>
  );
}
