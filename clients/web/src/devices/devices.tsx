/** The devices of this person: which there are, when they were here, and their end. */

import { useCallback, useEffect, useState } from "preact/hooks";
import { type DeviceEntry, inOrder } from "../model/devices.ts";
import { Button } from "../parts/button.tsx";
import { Confirm } from "../parts/dialog.tsx";
import { Icon } from "../parts/icon.tsx";
import { usePage, useWords } from "../shell/context.ts";
import { useReadable } from "../shell/readable.ts";
import { DeviceLine } from "./device-line.tsx";
import { fetchDevices, renameDevice, revokeDevice } from "./fetch-devices.ts";
import { LinkDialog } from "./link-dialog.tsx";

type Listed = readonly DeviceEntry[] | "loading" | "failed";

/** The hub's list, asked for again each minute and when the hub comes back. */
function useDevices(): { readonly devices: Listed; readonly ask: () => void } {
  const { deviceNames, hub, minute } = usePage();
  const [devices, setDevices] = useState<Listed>("loading");
  const { state } = useReadable(hub.connection);
  const now = useReadable(minute);
  const ask = useCallback(() => {
    const take = (found: readonly DeviceEntry[]) => {
      deviceNames.take(found);
      setDevices(found);
    };
    fetchDevices(hub).then(take, () =>
      setDevices((standing) => (typeof standing === "string" ? "failed" : standing)),
    );
  }, [hub, deviceNames]);
  useEffect(() => {
    if (state === "online" || state === "starting") ask();
  }, [ask, state, now]);
  return { devices, ask };
}

export function Devices() {
  const { overlay } = usePage();
  const { devices: words } = useWords();
  const { devices, ask } = useDevices();
  return (
    <section class="page" aria-labelledby="devices-title">
      <header class="page-head">
        <h1 id="devices-title">{words.title}</h1>
        <Button
          icon="qr"
          look="primary"
          onClick={() => overlay.dialog.set(() => <LinkDialog onLinked={ask} />)}
        >
          {words.link.open}
        </Button>
      </header>
      <p class="is-muted">{words.text}</p>
      {typeof devices === "string" ? (
        <Absent state={devices} onAgain={ask} />
      ) : (
        <DeviceLists devices={devices} onChange={ask} />
      )}
    </section>
  );
}

function Absent({ state, onAgain }: { readonly state: "loading" | "failed"; readonly onAgain: () => void }) {
  const { hub } = usePage();
  const { devices: words } = useWords();
  const connection = useReadable(hub.connection);
  const offline = connection.state === "waiting" || connection.state === "refused";
  if (offline) {
    return (
      <div class="card card-note">
        <Icon name="cloudOff" />
        <p>{words.offline}</p>
      </div>
    );
  }
  if (state === "loading") return <p class="is-muted">{words.loading}</p>;
  return (
    <div class="card card-note">
      <Icon name="trouble" />
      <p>{words.failed}</p>
      <Button onClick={onAgain}>{words.again}</Button>
    </div>
  );
}

/** Devices that are shown: who has more sees those that were here last. */
const SHOWN = 200;

function DeviceLists({
  devices,
  onChange,
}: {
  readonly devices: readonly DeviceEntry[];
  readonly onChange: () => void;
}) {
  const { hub, overlay } = usePage();
  const { devices: words } = useWords();
  const own = useReadable(hub.device);
  const sorted = inOrder(devices, own);
  const active = sorted.filter(({ revokedAt }) => revokedAt === null);
  const revoked = sorted.filter(({ revokedAt }) => revokedAt !== null);
  const revoke = (device: DeviceEntry) =>
    overlay.dialog.set(() => <ConfirmRevoke device={device} onDone={onChange} />);
  const rename = async (device: DeviceEntry, name: string) => {
    const done = await renameDevice(hub, device.id, name);
    overlay.toast.set(done ? { text: words.renamed(name) } : { text: words.renameFailed, tone: "problem" });
    onChange();
  };
  return (
    <>
      <ul class="card devices" aria-label={words.list}>
        {active.slice(0, SHOWN).map((device) => (
          <DeviceLine
            key={device.id}
            device={device}
            isOwn={device.id === own}
            onRename={rename}
            onRevoke={revoke}
          />
        ))}
      </ul>
      {active.length > SHOWN && <p class="is-muted">{words.more(SHOWN)}</p>}
      {revoked.length > 0 && (
        <details class="devices-revoked">
          <summary>{words.revokedBefore(revoked.length)}</summary>
          <ul class="card devices">
            {revoked.slice(0, SHOWN).map((device) => (
              <DeviceLine key={device.id} device={device} isOwn={false} />
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

interface ConfirmRevokeProps {
  readonly device: DeviceEntry;
  readonly onDone: () => void;
}

function ConfirmRevoke({ device, onDone }: ConfirmRevokeProps) {
  const { hub, overlay } = usePage();
  const { devices: words } = useWords();
  const name = device.name || words.unnamed;
  const revoke = async () => {
    const done = await revokeDevice(hub, device.id);
    overlay.toast.set(done ? { text: words.revoked(name) } : { text: words.revokeFailed, tone: "problem" });
    onDone();
  };
  return (
    <Confirm
      title={words.revokeTitle(name)}
      text={words.revokeText}
      confirm={words.revoke}
      danger
      onConfirm={() => void revoke()}
    />
  );
}
