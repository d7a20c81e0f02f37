/** Between giving a code or token and the hub's answer. */

import type { Hub } from "@tongbu/client";
import { Button } from "../parts/button.tsx";
import { Icon } from "../parts/icon.tsx";
import { useWords } from "../shell/context.ts";
import { useReadable } from "../shell/readable.ts";

interface SigningInProps {
  readonly hub: Hub;
  readonly onCancel: () => void;
}

export function SigningIn({ hub, onCancel }: SigningInProps) {
  const { devices, shell } = useWords();
  const { state } = useReadable(hub.connection);
  const waits = state === "waiting";
  return (
    <main class="blank">
      <Icon name={waits ? "cloudOff" : "mark"} class="blank-mark" />
      <p role="status">{waits ? devices.signIn.unreachable : devices.signIn.connecting}</p>
      {waits && (
        <div class="sign-in-foot">
          <Button onClick={onCancel}>{shell.cancel}</Button>
          <Button look="primary" onClick={() => hub.wake()}>
            {shell.saved.tryNow}
          </Button>
        </div>
      )}
    </main>
  );
}
