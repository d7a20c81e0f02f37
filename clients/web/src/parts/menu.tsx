/** A menu beside what opened it; at the foot of the page on a phone. One at a time. */

import { useLayoutEffect, useRef } from "preact/hooks";
import { usePage } from "../shell/context.ts";
import type { MenuEntry, MenuRequest } from "../shell/overlay.ts";
import { useReadable } from "../shell/readable.ts";
import { Icon } from "./icon.tsx";

const MARGIN = 8;

/** Keeps the menu within the window: below its anchor, or above where there is no room. */
function place(menu: HTMLElement, anchor: Element): void {
  const from = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const below = from.bottom + 4 + height <= window.innerHeight - MARGIN;
  const top = below ? from.bottom + 4 : Math.max(MARGIN, from.top - 4 - height);
  const left = Math.min(Math.max(MARGIN, from.right - width), window.innerWidth - width - MARGIN);
  menu.style.setProperty("--menu-top", `${top}px`);
  menu.style.setProperty("--menu-left", `${Math.max(MARGIN, left)}px`);
}

function entriesIn(menu: HTMLElement): HTMLElement[] {
  return [...menu.querySelectorAll<HTMLElement>("[role^=menuitem]")];
}

function moveFocus(menu: HTMLElement, key: string): boolean {
  const entries = entriesIn(menu);
  const at = entries.indexOf(document.activeElement as HTMLElement);
  const to: Record<string, number> = {
    ArrowDown: (at + 1) % entries.length,
    ArrowUp: (at - 1 + entries.length) % entries.length,
    Home: 0,
    End: entries.length - 1,
  };
  const next = to[key];
  if (next === undefined) return false;
  entries[next]?.focus();
  return true;
}

export function MenuHost() {
  const { overlay } = usePage();
  const request = useReadable(overlay.menu);
  if (request === null) return null;
  return <Menu request={request} close={() => overlay.menu.set(null)} />;
}

function Menu({ request, close }: { readonly request: MenuRequest; readonly close: () => void }) {
  const ref = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const menu = ref.current;
    if (menu === null) return;
    place(menu, request.anchor);
    (menu.querySelector<HTMLElement>("[aria-checked=true]") ?? entriesIn(menu)[0])?.focus();
  }, [request]);
  const leave = () => {
    close();
    if (request.anchor instanceof HTMLElement) request.anchor.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    event.stopPropagation();
    if (event.key === "Escape" || event.key === "Tab") leave();
    else if (ref.current === null || !moveFocus(ref.current, event.key)) return;
    event.preventDefault();
  };
  const choose = (entry: MenuEntry) => {
    leave();
    entry.run();
  };
  return (
    <div class="menu-layer">
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the keyboard leaves by Escape */}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the keyboard leaves by Escape */}
      <div class="menu-shade" onClick={leave} />
      <div ref={ref} class="menu" role="menu" tabIndex={-1} aria-label={request.title} onKeyDown={onKeyDown}>
        <p class="menu-title" aria-hidden="true">
          {request.title}
        </p>
        {request.entries.map((entry) => (
          <Entry key={entry.label} entry={entry} choose={choose} />
        ))}
      </div>
    </div>
  );
}

function Entry({
  entry,
  choose,
}: {
  readonly entry: MenuEntry;
  readonly choose: (entry: MenuEntry) => void;
}) {
  const { label, icon, hint, danger = false, checked, divided = false, shortcut } = entry;
  const look = `menu-entry${danger ? " is-danger" : ""}${divided ? " is-divided" : ""}`;
  const choice = checked !== undefined;
  const role = choice
    ? { role: "menuitemradio" as const, "aria-checked": checked }
    : { role: "menuitem" as const };
  return (
    <button type="button" class={look} {...role} tabIndex={-1} onClick={() => choose(entry)}>
      {icon === undefined ? (
        choice && <Icon name="check" class={checked ? "" : "is-absent"} />
      ) : (
        <Icon name={icon} />
      )}
      <span class="menu-label">{label}</span>
      {hint !== undefined && <span class="menu-hint">{hint}</span>}
      {shortcut !== undefined && (
        <span class="menu-hint is-shortcut" aria-hidden="true">
          {shortcut}
        </span>
      )}
    </button>
  );
}
