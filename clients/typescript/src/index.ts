/**
 * `@tongbu/client`: one device of a Tongbu hub. `connect` is in the entry of each platform (`@tongbu/client/browser`, `/node`,
 * `/wechat`); `createHub` takes a platform of one's own.
 */
export type * from "./api.js";
export { Malformed, Refusal, type RefusalDetails, TongbuError } from "./errors.js";
export type {
  Platform,
  Request,
  Response,
  Socket,
  SocketEvents,
  Storage,
  Surroundings,
  Tabs,
  Transport,
} from "./ports.js";
export {
  Closed,
  NotConnected,
  OutboxFull,
  RefusedStatement,
  WrongUser,
} from "./session/errors.js";
export type { Extra } from "./session/extra.js";
export { createHub } from "./session/hub.js";
