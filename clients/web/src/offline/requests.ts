/** Which requests the service worker answers by itself. Pure: the worker does what is decided here. */

export interface Asked {
  readonly method: string;
  readonly mode: string;
  readonly url: string;
}

/** First parts of addresses that are the hub's own. Nothing below them is ever kept or answered here. */
const HUBS: readonly string[] = [
  "v1",
  "yjs",
  "hocuspocus",
  "healthz",
  "readyz",
  "metrics",
  "openapi.json",
  "assets",
];

/** The address of the kept file that answers a request; null where it goes to the network. */
export function keptFor(asked: Asked, origin: string, files: readonly string[]): string | null {
  const url = new URL(asked.url);
  if (asked.method !== "GET" || url.origin !== origin) return null;
  if (asked.mode === "navigate") {
    const isFile = url.pathname !== "/" && files.includes(url.pathname);
    return isFile || HUBS.includes(url.pathname.split("/")[1] ?? "") ? null : "/";
  }
  return url.pathname !== "/" && files.includes(url.pathname) ? url.pathname : null;
}
