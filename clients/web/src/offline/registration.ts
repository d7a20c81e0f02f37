/** This page and its service worker: registered, watched for a new build, and what it asks for. */

import type { Readable } from "@tongbu/client";
import { Value } from "../model/value.ts";

export interface Offline {
  /** Whether a new build waits to take over. */
  readonly newVersion: Readable<boolean>;
  /** Lets the new build take over, and loads the page anew with it. */
  takeOver(): void;
  /** Calls when the person pressed a system notification: to this path. */
  onOpen(listener: (path: string) => void): () => void;
}

/** How often (ms) a page that stays open looks for a new build. */
const LOOK_EVERY = 3_600_000;

/** Where there are no service workers: in pages that are neither https nor localhost. */
const NONE: Offline = { newVersion: new Value(false), takeOver: () => {}, onOpen: () => () => {} };

export function openOffline(address: string | null): Offline {
  const workers = navigator.serviceWorker as ServiceWorkerContainer | undefined;
  if (address === null || workers === undefined) return NONE;
  const waiting = new Value<ServiceWorker | null>(null);
  const newVersion = new Value(false);
  waiting.subscribe((worker) => newVersion.set(worker !== null));
  const controlled = workers.controller !== null;
  let asked = false;
  workers.addEventListener("controllerchange", () => {
    // The first worker of all changes nothing for this page; a later one belongs to another build than this page.
    if (asked || (controlled && document.visibilityState === "hidden")) window.location.reload();
  });
  void register(workers, address, waiting);
  return {
    newVersion,
    takeOver() {
      asked = true;
      waiting.get()?.postMessage({ kind: "take over" });
    },
    onOpen: (listener) => onMessage(workers, listener),
  };
}

async function register(
  workers: ServiceWorkerContainer,
  address: string,
  waiting: Value<ServiceWorker | null>,
): Promise<void> {
  try {
    const registration = await workers.register(address, { updateViaCache: "none" });
    const look = () => waiting.set(workers.controller === null ? null : registration.waiting);
    registration.addEventListener("updatefound", () => {
      registration.installing?.addEventListener("statechange", look);
    });
    look();
    setInterval(() => void registration.update().catch(() => undefined), LOOK_EVERY);
  } catch {
    // Without it the page needs the hub to start; everything else works.
  }
}

function onMessage(workers: ServiceWorkerContainer, listener: (path: string) => void): () => void {
  const hear = ({ data }: MessageEvent) => {
    const { kind, path } = (data ?? {}) as { readonly kind?: unknown; readonly path?: unknown };
    if (kind === "open" && typeof path === "string") listener(path);
  };
  workers.addEventListener("message", hear);
  return () => workers.removeEventListener("message", hear);
}
