/** A device in a WeChat mini program. */
import type { Hub, HubOptions } from "../api.js";
import { checks, forgetting, linking, requests } from "../extras/index.js";
import { createHub } from "../session/hub.js";
import { wechatPlatform } from "./platform.js";
import type { Wx } from "./wx.js";

export { LinkCodeRefused } from "../extras/linking.js";
export * from "../index.js";
export { StoreInUse, StoreUnusable } from "../platform/store-errors.js";
export { sync } from "../session/trip.js";
export { wechatPlatform } from "./platform.js";
export type { Callbacks, Failure, RequestOptions, SocketTask, Wx } from "./wx.js";

export interface WechatOptions extends HubOptions {
  /** What to use in place of the global `wx`. */
  readonly wx?: Wx;
}

declare const wx: Wx;

/**
 * This mini program as a device of a user. Needs no hub that answers. Everything shares one socket. WeChat ends it
 * about 5 s after the program went to the background; when it is shown again it connects at once and is brought what
 * it missed.
 */
export function connect(options: WechatOptions): Hub {
  return createHub(wechatPlatform(options.wx ?? wx), options, [checks, forgetting, linking, requests]);
}
