import type { Durability } from "@tongbu/client";
import { Icon, type IconName } from "../parts/icon.tsx";
import { useWords } from "../shell/context.ts";

const ICONS: Record<Durability, IconName> = { local: "local", saved: "check", forwarded: "checks" };

/** Where what this device said of an item stands. */
export function DurabilityMark({ durability }: { readonly durability: Durability }) {
  const { inbox } = useWords();
  return (
    <span class={`durability is-${durability}`}>
      <Icon name={ICONS[durability]} />
      {inbox.durability[durability]}
    </span>
  );
}
