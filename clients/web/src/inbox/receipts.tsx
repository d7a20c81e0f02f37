/** What became of an item on its way out: `WeChat · 12:03 ✓`. */

import type { Item, Receipt } from "@tongbu/client";
import { Icon, type IconName } from "../parts/icon.tsx";
import { useNow, useSpeech, useWords } from "../shell/context.ts";

const ICONS: Readonly<Record<string, IconName>> = {
  sent: "check",
  partial: "warning",
  suppressed: "stop",
  dead: "error",
  pending: "local",
  leased: "local",
};

export function Receipts({ item }: { readonly item: Item }) {
  const { detail } = useWords().inbox;
  const receipts = Object.entries(item.sent).sort(([, a], [, b]) => a.at - b.at);
  if (receipts.length === 0) return null;
  return (
    <section class="detail-part">
      <h2>{detail.receipts}</h2>
      <ul class="receipts">
        {receipts.map(([channel, receipt]) => (
          <ReceiptLine key={channel} channel={channel} receipt={receipt} />
        ))}
      </ul>
    </section>
  );
}

function ReceiptLine({ channel, receipt }: { readonly channel: string; readonly receipt: Receipt }) {
  const { words, times } = useSpeech();
  const now = useNow();
  const { receipts, channels } = words.inbox;
  const { state, at, ref } = receipt;
  return (
    <li class={`receipt is-${state}`}>
      <Icon name={ICONS[state] ?? "info"} />
      <span>
        <strong>{channels[channel] ?? channel}</strong>
        {" · "}
        <time title={times.full(at)}>{times.moment(at, now)}</time>
        <span class="receipt-state">{receipts[state] ?? state}</span>
        {ref !== undefined && <span class="receipt-ref">{ref}</span>}
      </span>
    </li>
  );
}
