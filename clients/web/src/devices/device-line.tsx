/** One device in the list. */

import { useRef, useState } from "preact/hooks";
import { type DeviceEntry, isPhone } from "../model/devices.ts";
import { IconButton } from "../parts/button.tsx";
import { Icon } from "../parts/icon.tsx";
import { useFocusBack } from "../parts/use-focus-back.ts";
import { useNow, useSpeech } from "../shell/context.ts";
import { NameField } from "./name-field.tsx";

interface DeviceLineProps {
  readonly device: DeviceEntry;
  readonly isOwn: boolean;
  /** Absent where it can't be done any more. */
  readonly onRename?: (device: DeviceEntry, name: string) => void;
  readonly onRevoke?: (device: DeviceEntry) => void;
}

export function DeviceLine({ device, isOwn, onRename, onRevoke }: DeviceLineProps) {
  const { devices: words } = useSpeech().words;
  const [naming, setNaming] = useState(false);
  const place = useRef<HTMLLIElement>(null);
  useFocusBack(naming, place);
  const name = device.name || words.unnamed;
  const keep = (given: string | null) => {
    setNaming(false);
    if (given !== null) onRename?.(device, given);
  };
  return (
    <li ref={place} class={`device${device.revokedAt === null ? "" : " is-revoked"}`} data-device={device.id}>
      <span class="device-mark">
        <Icon name={isPhone(device) ? "phone" : "system"} />
      </span>
      <div class="device-words">
        {naming ? (
          <NameField name={device.name} onEnd={keep} />
        ) : (
          <p class="device-name">
            <strong>{name}</strong>
            {isOwn && <span class="device-own">{words.thisDevice}</span>}
          </p>
        )}
        <p class="device-more">
          {device.platform !== "" && <span>{words.platforms[device.platform] ?? device.platform}</span>}
          <LastSeen device={device} isOwn={isOwn} />
        </p>
      </div>
      {onRename !== undefined && !naming && (
        <IconButton
          icon="pencil"
          class="is-small"
          label={words.rename(name)}
          onClick={() => setNaming(true)}
        />
      )}
      {onRevoke !== undefined && !isOwn && (
        <button
          type="button"
          class="button button-danger is-calm"
          aria-label={words.revokeName(name)}
          onClick={() => onRevoke(device)}
        >
          {words.revoke}
        </button>
      )}
    </li>
  );
}

function LastSeen({ device, isOwn }: Pick<DeviceLineProps, "device" | "isOwn">) {
  const { words, times } = useSpeech();
  const now = useNow();
  const { devices } = words;
  if (isOwn || (device.connected && device.revokedAt === null)) return <span>{devices.hereNow}</span>;
  const at = device.revokedAt ?? device.seenAt;
  const say = device.revokedAt === null ? devices.lastSeen : devices.revokedAt;
  return <time title={times.full(at)}>{say(times.moment(at, now))}</time>;
}
