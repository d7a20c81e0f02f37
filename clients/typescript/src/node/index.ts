/** A device in Node, 20 or later. */
import type { Hub, HubOptions } from "../api.js";
import { checks, forgetting, linking, requests } from "../extras/index.js";
import { createHub } from "../session/hub.js";
import { type NodePlace, nodePlatform, programName } from "./platform.js";

export { LinkCodeRefused } from "../extras/linking.js";
export * from "../index.js";
export { StoreInUse, StoreUnusable } from "../platform/store-errors.js";
export type { WebSocketLike } from "../platform/web-transport.js";
export { type NodePlace, nodePlatform } from "./platform.js";
export type { WebSocketClass } from "./web-socket.js";

/** `store`: a file of this program's own, made where there is none; absent: in memory, gone with the process. */
export interface NodeOptions extends HubOptions, NodePlace {}

/**
 * This process as a device of a user. Needs no hub that answers. A store that another process has open is refused:
 * `connection` says so.
 *
 * @throws TongbuError `no_websocket` where Node has none (before 22) and the package `ws` is not installed.
 */
export function connect(options: NodeOptions): Hub {
  const named = { ...options, deviceName: options.deviceName ?? programName() };
  return createHub(nodePlatform(options), named, [checks, forgetting, linking, requests]);
}
