import { createRequire } from "node:module";
import { TongbuError } from "../errors.js";
import type { WebSocketLike } from "../platform/web-transport.js";

/** Bytes of one WebSocket message from the hub; a document may be large. */
const MOST_MESSAGE = 256 * 2 ** 20;

/** A `WebSocket` as Node from 22 on and the package `ws` have it. */
export type WebSocketClass = new (url: string, protocol: string, options?: object) => WebSocketLike;

/**
 * Opens sockets with the class given, else Node's own, else that of `ws`.
 *
 * @throws TongbuError `no_websocket` where there is none: Node before 22 without the package.
 */
export function socketOpener(given?: WebSocketClass): (url: string, protocol: string) => WebSocketLike {
  const own = given ?? (globalThis as { WebSocket?: WebSocketClass }).WebSocket;
  if (own !== undefined) return (url, protocol) => new own(url, protocol);
  const Installed = installed();
  const options = { perMessageDeflate: false, maxPayload: MOST_MESSAGE };
  return (url, protocol) => new Installed(url, protocol, options);
}

function installed(): WebSocketClass {
  try {
    return createRequire(import.meta.url)("ws") as WebSocketClass;
  } catch {
    throw new TongbuError(
      "no_websocket",
      "This Node has no WebSocket: use Node 22 or later, or install the package ws (npm install ws).",
    );
  }
}
