/**
 * System notifications while no page of the inbox is before anybody's eyes. Of several pages one shows them: whoever
 * holds a lock; every page that is visible holds another one together with its like.
 */

import type { Changed, Hub, Item, Ledger } from "@tongbu/client";
import { type Alerts, openAlerts } from "../model/alerts.ts";

const LEADER = "tongbu.notices";
const VISIBLE = "tongbu.visible";
/** Of what comes at once, after a night offline: the newest. */
const AT_ONCE = 3;

export interface NoticeNeeds {
  readonly hub: Hub;
  readonly ledger: Ledger;
  /** When an item came back from snooze (ms); null where it did not. */
  readonly wokenAt: (item: Item) => number | null;
  /** What a notification says below the title. */
  readonly textOf: (item: Item) => string;
}

/** Shows notifications until stopped. */
export function followNotices(needs: NoticeNeeds): () => void {
  const { locks, serviceWorker } = navigator;
  if (locks === undefined || serviceWorker === undefined) return () => undefined;
  const over = new AbortController();
  const stopShowing = whileVisible(locks);
  hold(locks, LEADER, over.signal, () => lead(needs));
  return () => {
    over.abort();
    stopShowing();
  };
}

/** Holds a lock, and does its work meanwhile, until told to stop. */
function hold(locks: LockManager, name: string, signal: AbortSignal, work: () => () => void): void {
  const granted = async (): Promise<void> => {
    const stop = work();
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    stop();
  };
  locks.request(name, { signal }, granted).catch(() => undefined);
}

function whileVisible(locks: LockManager): () => void {
  let hidden: AbortController | null = null;
  const look = () => {
    if (document.visibilityState === "visible" && hidden === null) {
      const over = new AbortController();
      hidden = over;
      const until = () =>
        new Promise<void>((resolve) => over.signal.addEventListener("abort", () => resolve()));
      locks.request(VISIBLE, { mode: "shared", signal: over.signal }, until).catch(() => undefined);
    } else if (document.visibilityState !== "visible") leave();
  };
  const leave = () => {
    hidden?.abort();
    hidden = null;
  };
  document.addEventListener("visibilitychange", look);
  look();
  return () => {
    document.removeEventListener("visibilitychange", look);
    leave();
  };
}

async function isWatched(): Promise<boolean> {
  const { held = [] } = await navigator.locks.query();
  return held.some(({ name }) => name === VISIBLE);
}

function lead(needs: NoticeNeeds): () => void {
  const alerts = openAlerts(needs.hub.now());
  let work = Promise.resolve();
  const stop = needs.ledger.watch((changed) => {
    work = work.then(() => tell(alerts, changed, needs)).catch(() => undefined);
  });
  return stop;
}

async function tell(
  alerts: Alerts,
  changed: Changed,
  { ledger, textOf, wokenAt }: NoticeNeeds,
): Promise<void> {
  const items = changed === "all" ? ledger.items.get() : [...changed].map((id) => ledger.get(id));
  const watched = await isWatched();
  const judged = items.flatMap((item) =>
    item === null ? [] : [{ item, alert: alerts.judge(item, watched, wokenAt(item)) }],
  );
  const shown = judged.filter(({ alert }) => alert === "show").map(({ item }) => item);
  const newest = shown.sort((a, b) => (a.order ?? 0) - (b.order ?? 0)).slice(-AT_ONCE);
  const closed = judged.filter(({ alert }) => alert === "close");
  if (newest.length + closed.length === 0) return;
  const registration = await navigator.serviceWorker.ready;
  for (const item of newest) await show(registration, item, textOf(item));
  for (const { item } of closed) await close(registration, item.id);
}

function show(registration: ServiceWorkerRegistration, item: Item, body: string): Promise<void> {
  const data = { path: `/item/${item.id}` };
  return registration.showNotification(item.title, { tag: item.id, body, data, icon: "/icon-192.png" });
}

async function close(registration: ServiceWorkerRegistration, tag: string): Promise<void> {
  for (const notification of await registration.getNotifications({ tag })) notification.close();
}
