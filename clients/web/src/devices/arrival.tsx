/** A link that signs in, opened where somebody is here already; and who it is, once it did. */

import { useEffect } from "preact/hooks";
import type { Given } from "../model/credentials.ts";
import { Confirm } from "../parts/dialog.tsx";
import { usePage, useWords } from "../shell/context.ts";
import type { SigningIn } from "../shell/use-sign-in.ts";

/** Draws nothing itself: it asks in a dialog, and greets in a toast. */
export function Arrival({ signing }: { readonly signing: SigningIn }) {
  const { overlay } = usePage();
  const { signIn } = useWords().devices;
  const { trial, attempt, dismiss } = signing;
  useEffect(() => {
    if (trial.state === "offered") {
      overlay.dialog.set(() => <Question given={trial.given} onAccept={attempt} />);
      dismiss();
    }
    if (trial.state === "admitted") {
      overlay.toast.set({ text: signIn.as(trial.user) });
      dismiss();
    }
  });
  return null;
}

interface QuestionProps {
  readonly given: Given;
  readonly onAccept: (given: Given) => void;
}

function Question({ given, onAccept }: QuestionProps) {
  const { hub } = usePage();
  const { signIn } = useWords().devices;
  return (
    <Confirm
      title={signIn.linkTitle(hub.user.get() ?? "")}
      text={signIn.linkText}
      confirm={signIn.linkAccept}
      onConfirm={() => onAccept(given)}
    />
  );
}
