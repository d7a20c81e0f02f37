/** Where a hub is: one address for its sockets and its HTTP. */
import { TongbuError } from "../errors.js";

export interface Address {
  /** `ws…://…/v1/connect` */
  readonly socket: string;
  /** What a path of the API is appended to. */
  readonly http: string;
}

const URL_OF_HUB = /^(?:http|ws)(s?:\/\/[^?#@\s]+?)\/*(?:\/v1\/connect\/*)?$/i;

/**
 * From `https://host`, `http://host:port`, `wss://…`, `ws://…`, with or without `/v1/connect`. A path before that is kept, for a
 * hub behind a proxy. Throws `bad_url`; credentials and queries belong elsewhere.
 */
export function addressOf(url: string): Address {
  const [, rest] = URL_OF_HUB.exec(url) ?? [];
  if (rest === undefined) throw new TongbuError("bad_url");
  return { socket: `ws${rest}/v1/connect`, http: `http${rest}` };
}
