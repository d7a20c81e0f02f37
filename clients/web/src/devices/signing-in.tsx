/** Between giving a code or token and the hub's answer. */

import { Button } from "../parts/button.tsx";
import { Icon } from "../parts/icon.tsx";
import { useWords } from "../shell/context.ts";

interface SigningInProps {
  /** Whether the hub did not answer. */
  readonly waits: boolean;
  readonly onAgain: () => void;
  readonly onCancel: () => void;
}

export function SigningIn({ waits, onAgain, onCancel }: SigningInProps) {
  const { devices, shell } = useWords();
  return (
    <main class="blank">
      <Icon name={waits ? "cloudOff" : "mark"} class="blank-mark" />
      <p role="status">{waits ? devices.signIn.unreachable : devices.signIn.connecting}</p>
      {waits && (
        <div class="sign-in-foot">
          <Button onClick={onCancel}>{shell.cancel}</Button>
          <Button look="primary" onClick={onAgain}>
            {shell.saved.tryNow}
          </Button>
        </div>
      )}
    </main>
  );
}
