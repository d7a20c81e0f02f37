/** Where a hub is: one address for its sockets and its HTTP. */
import { TongbuError } from "../errors.js";

export interface Address {
  /** `ws…://…/v1/connect` */
  readonly socket: string;
  /** What a path of the API is appended to. */
  readonly http: string;
}

const URL_OF_HUB = /^(?:http|ws)(s?):\/\/([^/?#@\s]+)((?:\/[^?#\s]*)?)$/i;

/**
 * From `https://host`, `http://host:port`, `wss://…`, `ws://…`, with or without `/v1/connect`. A path before that is kept, for a
 * hub behind a proxy. Throws `bad_url`; credentials and queries belong elsewhere.
 */
export function addressOf(url: string): Address {
  const found = URL_OF_HUB.exec(url);
  if (!found) {
    throw new TongbuError("bad_url", "The hub's address is like https://hub.example.org, without a query.");
  }
  const [, secure = "", host = "", path = ""] = found;
  const rest = `${secure}://${host}${path.replace(/\/+$/, "").replace(/\/v1\/connect$/, "")}`;
  return { socket: `ws${rest}/v1/connect`, http: `http${rest}` };
}
