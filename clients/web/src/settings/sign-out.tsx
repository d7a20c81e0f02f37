/** Leaving: told before what would be lost. */

import type { Hub } from "@tongbu/client";
import { revokeDevice } from "../devices/fetch-devices.ts";
import { Confirm } from "../parts/dialog.tsx";
import { usePage, useWords } from "../shell/context.ts";
import { useReadable } from "../shell/readable.ts";

/** How long (ms) leaving waits for the hub to hear of it. */
const PATIENCE = 3000;

/** The hub shall know this device no more, so that nothing is left behind that could sign in; where it can be reached. */
async function revokeThis(hub: Hub): Promise<void> {
  const device = hub.device.get();
  if (device === null || hub.connection.get().state !== "online") return;
  const late = new Promise<void>((resolve) => setTimeout(resolve, PATIENCE));
  await Promise.race([revokeDevice(hub, device), late]);
}

export function ConfirmSignOut() {
  const { settings } = useWords();
  const { hub, signOut } = usePage();
  const unsaved = useReadable(hub.unsaved);
  return (
    <Confirm
      title={settings.signOutTitle}
      text={settings.signOutText}
      {...(unsaved > 0 && { warning: settings.signOutUnsaved(unsaved) })}
      confirm={unsaved > 0 ? settings.signOutAnyway(unsaved) : settings.signOut}
      danger
      onConfirm={() => void revokeThis(hub).finally(signOut)}
    />
  );
}
