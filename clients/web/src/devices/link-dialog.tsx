/** Linking another device: a QR code and the same as letters, until somebody used it. */

import { useEffect, useState } from "preact/hooks";
import { countdown, isLocalHost, spelled } from "../model/devices.ts";
import { Button } from "../parts/button.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { Icon } from "../parts/icon.tsx";
import { usePage, useWords } from "../shell/context.ts";
import { QrCode } from "./qr-code.tsx";
import { type Code, type Linking, useLink } from "./use-link.ts";

export function LinkDialog({ onLinked }: { readonly onLinked: () => void }) {
  const { link } = useWords().devices;
  const { linking, renew } = useLink(onLinked);
  return (
    <Dialog title={link.title}>
      <p class="is-unseen" role="status">
        {linking.state === "linked" ? link.linked(linking.device.name) : ""}
      </p>
      <Body linking={linking} onRenew={renew} />
    </Dialog>
  );
}

function Body({ linking, onRenew }: { readonly linking: Linking; readonly onRenew: () => void }) {
  const { link } = useWords().devices;
  if (linking.state === "linked") return <Linked linking={linking} onRenew={onRenew} />;
  if (linking.state === "waiting") return <Waiting code={linking.code} onRenew={onRenew} />;
  if (linking.state === "loading") return <p class="is-muted link-loading">{link.loading}</p>;
  return (
    <div class="link-loading">
      <p role="alert">{link.failed}</p>
      <Button icon="retry" onClick={onRenew}>
        {link.renew}
      </Button>
    </div>
  );
}

type LinkedProps = {
  readonly linking: Extract<Linking, { state: "linked" }>;
  readonly onRenew: () => void;
};

function Linked({ linking, onRenew }: LinkedProps) {
  const { overlay } = usePage();
  const { devices } = useWords();
  return (
    <div class="link-done">
      <Icon name="success" />
      <p>
        <strong>{devices.link.linked(linking.device.name || devices.unnamed)}</strong>
      </p>
      <p class="is-muted">{devices.link.linkedText}</p>
      <div class="dialog-foot">
        <Button onClick={onRenew}>{devices.link.another}</Button>
        <Button look="primary" onClick={() => overlay.dialog.set(null)}>
          {devices.link.done}
        </Button>
      </div>
    </div>
  );
}

/** What is left of a code (ms), each second. */
function useLeft({ expiresAt }: Code): number {
  const { hub } = usePage();
  const [now, setNow] = useState(() => hub.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(hub.now()), 1000);
    return () => clearInterval(timer);
  }, [hub]);
  return expiresAt - now;
}

function Waiting({ code, onRenew }: { readonly code: Code; readonly onRenew: () => void }) {
  const { link } = useWords().devices;
  const left = useLeft(code);
  const address = `${window.location.origin}/#code=${code.code}`;
  const expired = left <= 0;
  return (
    <>
      <p class="is-muted">{link.text}</p>
      <div class={`link-code${expired ? " is-expired" : ""}`}>
        <QrCode text={address} label={link.qr} />
        <div class="link-words">
          <p class="link-label">{link.code}</p>
          <output class="link-letters" aria-label={link.code}>
            {spelled(code.code)}
          </output>
          <p class="link-label">{link.address}</p>
          <p class="link-address">{window.location.origin}</p>
          <CopyLink address={address} />
        </div>
      </div>
      {isLocalHost(window.location.hostname) && <p class="link-local">{link.local}</p>}
      <div class="link-foot">
        <span role={expired ? "alert" : "timer"} class={expired ? "problem" : "is-muted"}>
          {expired ? link.expired : link.left(countdown(left))}
        </span>
        <Button icon="retry" look={expired ? "primary" : "plain"} onClick={onRenew}>
          {link.renew}
        </Button>
      </div>
    </>
  );
}

/** Browsers let pages copy in secure contexts alone. */
function CopyLink({ address }: { readonly address: string }) {
  const { link } = useWords().devices;
  const [copied, setCopied] = useState(false);
  if (navigator.clipboard === undefined) return null;
  const copy = () => void navigator.clipboard.writeText(address).then(() => setCopied(true));
  return (
    <Button icon={copied ? "check" : "copy"} onClick={copy}>
      {copied ? link.copied : link.copy}
    </Button>
  );
}
