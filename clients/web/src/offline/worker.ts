/**
 * The service worker: keeps the files of one build, so that the page starts without a hub. It never touches what the
 * hub answers. A new build waits until a page asks for it, so nobody's page changes under their hands.
 */

import { keptFor } from "./requests.ts";

/** The build's addresses, and what names the build; put in by `scripts/offline-files.ts`. */
declare const __FILES__: readonly string[];
declare const __VERSION__: string;

interface Lasting extends Event {
  waitUntil(work: Promise<unknown>): void;
}

interface Fetching extends Lasting {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}

interface Clicked extends Lasting {
  readonly notification: Notification;
}

interface Page {
  readonly url: string;
  postMessage(message: unknown): void;
  focus(): Promise<unknown>;
}

interface Scope {
  readonly location: Location;
  readonly clients: {
    claim(): Promise<void>;
    matchAll(which: {
      readonly type: "window";
      readonly includeUncontrolled: boolean;
    }): Promise<readonly Page[]>;
    openWindow(url: string): Promise<unknown>;
  };
  skipWaiting(): Promise<void>;
  addEventListener(event: "install" | "activate", listener: (event: Lasting) => void): void;
  addEventListener(event: "fetch", listener: (event: Fetching) => void): void;
  addEventListener(event: "notificationclick", listener: (event: Clicked) => void): void;
  addEventListener(event: "message", listener: (event: MessageEvent) => void): void;
}

const scope = self as unknown as Scope;
const FILES = __FILES__;
const PREFIX = "tongbu-page-";
const CACHE = PREFIX + __VERSION__;

/** Takes all files or none: a build is never half there. */
async function keep(): Promise<void> {
  const cache = await caches.open(CACHE);
  const asked = FILES.map(
    (address) => new Request(address, { cache: "no-cache", headers: { accept: "text/html,*/*" } }),
  );
  await cache.addAll(asked);
}

async function dropOthers(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(
    names.filter((name) => name.startsWith(PREFIX) && name !== CACHE).map((name) => caches.delete(name)),
  );
}

async function answer(request: Request, address: string): Promise<Response> {
  const cache = await caches.open(CACHE);
  return (await cache.match(address, { ignoreVary: true })) ?? fetch(request);
}

/** Shows an item in a page that is open, or in a new one. */
async function show(path: string): Promise<void> {
  const pages = await scope.clients.matchAll({ type: "window", includeUncontrolled: true });
  const page = pages[0];
  if (page === undefined) {
    await scope.clients.openWindow(path);
    return;
  }
  page.postMessage({ kind: "open", path });
  await page.focus();
}

scope.addEventListener("install", (event) => event.waitUntil(keep()));
scope.addEventListener("activate", (event) =>
  event.waitUntil(dropOthers().then(() => scope.clients.claim())),
);
scope.addEventListener("fetch", (event) => {
  const address = keptFor(event.request, scope.location.origin, FILES);
  if (address !== null) event.respondWith(answer(event.request, address));
});
scope.addEventListener("message", ({ data }) => {
  if ((data as { readonly kind?: unknown } | null)?.kind === "take over") void scope.skipWaiting();
});
scope.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const { path } = (event.notification.data ?? {}) as { readonly path?: unknown };
  event.waitUntil(show(typeof path === "string" ? path : "/"));
});
