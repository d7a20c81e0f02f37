/** Above the list while something is wrong: what it means for what is done now, and what can be done about it. */

import { Button } from "../parts/button.tsx";
import { Icon } from "../parts/icon.tsx";
import { useNow, usePage, useSpeech } from "./context.ts";
import { inFull, SAVED_ICONS, useSavedState } from "./use-saved-state.ts";

export function OfflineBar() {
  const { hub, signIn } = usePage();
  const speech = useSpeech();
  const { saved } = speech.words.shell;
  const state = useSavedState();
  const now = useNow();
  if (state.name !== "offline" && state.name !== "signIn" && state.name !== "trouble") return null;
  const [word, act] = state.name === "signIn" ? [saved.signIn, signIn] : [saved.tryNow, () => hub.wake()];
  return (
    <div class={`offline-bar is-${state.name}`}>
      <Icon name={SAVED_ICONS[state.name]} />
      <p>
        {inFull(state, speech, now)}
        {state.name === "offline" && state.count > 0 && ` · ${saved.unsaved(state.count)}`}
      </p>
      {state.name !== "trouble" && (
        <Button look="quiet" onClick={act}>
          {word}
        </Button>
      )}
    </div>
  );
}
