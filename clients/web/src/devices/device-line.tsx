/** One device in the list. */

import { type DeviceEntry, isPhone } from "../model/devices.ts";
import { Icon } from "../parts/icon.tsx";
import { useNow, useSpeech } from "../shell/context.ts";

interface DeviceLineProps {
  readonly device: DeviceEntry;
  readonly isOwn: boolean;
  readonly onRevoke: (device: DeviceEntry) => void;
}

export function DeviceLine({ device, isOwn, onRevoke }: DeviceLineProps) {
  const { devices: words } = useSpeech().words;
  const name = device.name || words.unnamed;
  return (
    <li class={`device${device.revokedAt === null ? "" : " is-revoked"}`} data-device={device.id}>
      <span class="device-mark">
        <Icon name={isPhone(device) ? "phone" : "system"} />
      </span>
      <div class="device-words">
        <p class="device-name">
          <strong>{name}</strong>
          {isOwn && <span class="device-own">{words.thisDevice}</span>}
        </p>
        <p class="device-more">
          {device.platform !== "" && <span>{device.platform}</span>}
          <LastSeen device={device} isOwn={isOwn} />
        </p>
      </div>
      {device.revokedAt === null && !isOwn && (
        <button
          type="button"
          class="button button-danger"
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
  if (isOwn) return <span>{devices.hereNow}</span>;
  const at = device.revokedAt ?? device.seenAt;
  const say = device.revokedAt === null ? devices.lastSeen : devices.revokedAt;
  return <time title={times.full(at)}>{say(times.moment(at, now))}</time>;
}
