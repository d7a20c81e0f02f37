/** What the installed page does beside drawing: the badge, system notifications, and a word when a new build waits. */

import type { Item } from "@tongbu/client";
import { createContext } from "preact";
import { useContext, useEffect, useRef } from "preact/hooks";
import { routeOf } from "../model/routes.ts";
import { Value } from "../model/value.ts";
import { type Speech, usePage, useSpeech } from "../shell/context.ts";
import { useReadable } from "../shell/readable.ts";
import { statusName } from "../task/status-name.ts";
import type { Install, Installing } from "./install.ts";
import { followNotices } from "./notices.ts";
import type { Notices, Permission } from "./permission.ts";
import type { Offline } from "./registration.ts";

export interface Installed {
  readonly offline: Offline;
  readonly install: Install;
  readonly notices: Notices;
}

/** What a browser that can do nothing of this has. */
const NOTHING: Installed = {
  offline: { newVersion: new Value(false), takeOver: () => undefined, onOpen: () => () => undefined },
  install: { state: new Value<Installing>("byMenu"), ask: () => undefined },
  notices: {
    state: new Value<Permission>("impossible"),
    turnOn: async () => undefined,
    turnOff: () => undefined,
  },
};

const InstalledContext = createContext<Installed>(NOTHING);

export const InstalledProvider = InstalledContext.Provider;

export function useInstalled(): Installed {
  return useContext(InstalledContext);
}

export function InstalledEffects() {
  useBadge();
  useNotices();
  useNewVersion();
  useOpening();
  return null;
}

/** The number on the app's icon, where the system shows one. */
function useBadge(): void {
  const { ledger } = usePage();
  const { unread } = useReadable(ledger.counts);
  useEffect(() => {
    if (!("setAppBadge" in navigator)) return;
    const done = unread > 0 ? navigator.setAppBadge(unread) : navigator.clearAppBadge();
    done.catch(() => undefined);
  }, [unread]);
}

function useNotices(): void {
  const { hub, ledger, waking } = usePage();
  const speech = useSpeech();
  const spoken = useRef(speech);
  spoken.current = speech;
  const on = useReadable(useInstalled().notices.state) === "on";
  useEffect(() => {
    if (!on) return undefined;
    return followNotices({
      hub,
      ledger,
      wokenAt: waking.wokenAt,
      textOf: (item) => textOf(item, spoken.current),
    });
  }, [on, hub, ledger, waking]);
}

/** How a task ended, or where a notification is from and how it begins. */
function textOf(item: Item, { words }: Speech): string {
  const first = item.task === null ? item.source : statusName(item, words.task);
  return [first, item.body?.slice(0, 120)].filter((part) => part !== undefined && part !== "").join(" · ");
}

function useNewVersion(): void {
  const { overlay } = usePage();
  const { words } = useSpeech();
  const { offline } = useInstalled();
  const waits = useReadable(offline.newVersion);
  useEffect(() => {
    const { newVersion, reload } = words.offline;
    if (waits) overlay.toast.set({ text: newVersion, action: { label: reload, run: offline.takeOver } });
  }, [waits, offline, overlay, words]);
}

/** A system notification was pressed. */
function useOpening(): void {
  const { router } = usePage();
  const { offline } = useInstalled();
  useEffect(
    () => offline.onOpen((path) => router.go(routeOf(path, router.route.get().list))),
    [offline, router],
  );
}
