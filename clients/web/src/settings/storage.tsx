/** What this browser holds, and forgetting it. */

import { useEffect, useState } from "preact/hooks";
import { Button } from "../parts/button.tsx";
import { usePage, useSpeech } from "../shell/context.ts";
import { useReadable } from "../shell/readable.ts";
import { ConfirmSignOut } from "./sign-out.tsx";

/** Bytes that the browser counts for this page; null where it doesn't tell. */
function useSize(): number | null {
  const [size, setSize] = useState<number | null>(null);
  useEffect(() => {
    let here = true;
    navigator.storage?.estimate?.().then(
      ({ usage }) => here && setSize(usage ?? null),
      () => {},
    );
    return () => {
      here = false;
    };
  }, []);
  return size;
}

export function StorageCard() {
  const { hub, ledger, overlay } = usePage();
  const { tag, words } = useSpeech();
  const { settings } = words;
  const unsaved = useReadable(hub.unsaved);
  const size = useSize();
  const megabytes = new Intl.NumberFormat(tag, {
    style: "unit",
    unit: "megabyte",
    maximumFractionDigits: 1,
  });
  return (
    <section class="card">
      <h2>{settings.storage}</h2>
      <p class="is-muted">{settings.storageText}</p>
      <dl class="facts">
        <dt>{settings.items}</dt>
        <dd>{settings.held(ledger.items.get().length)}</dd>
        {size !== null && (
          <>
            <dt>{settings.size}</dt>
            <dd>{megabytes.format(size / 1e6)}</dd>
          </>
        )}
        <dt>{settings.unsavedChanges}</dt>
        <dd>{unsaved}</dd>
      </dl>
      <div class="card-foot">
        <Button look="danger" icon="trash" onClick={() => overlay.dialog.set(() => <ConfirmSignOut />)}>
          {settings.forget}
        </Button>
      </div>
    </section>
  );
}
