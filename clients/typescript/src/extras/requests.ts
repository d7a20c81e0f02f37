/** HTTP requests to the hub, for what has no message on the wire: history, the list of devices. */
import type { Json } from "../api.js";
import { TongbuError } from "../errors.js";
import type { Transport } from "../ports.js";
import { readUtf8, toUtf8 } from "../protocol/utf8.js";
import type { Address } from "../session/address.js";
import { NotConnected } from "../session/errors.js";
import type { Answered, Extra } from "../session/extra.js";

/** ms until a request is given up. */
const TIMEOUT = 30_000;

/** `Hub.request` works, with this device's token, and once more where that ran out. */
export const requests: Extra = (extras) => {
  extras.request = async ({ platform, address }, credentials, method, path, body) => {
    const ask = askThrough(platform.transport, address);
    const token = await credentials.current();
    const answered = await ask(method, path, body, token);
    if (answered.status !== 401) return answered;
    const next = await credentials.renewed(token);
    return next === token ? answered : ask(method, path, body, next);
  };
};

export type Ask = (
  method: string,
  path: string,
  body: Json | undefined,
  token: string | null,
) => Promise<Answered>;

/** JSON to and from the hub at that address, and to no other. Rejects with `NotConnected`. */
export function askThrough(transport: Transport, address: Address): Ask {
  return async (method, path, body, token) => {
    if (!path.startsWith("/")) throw new TongbuError("bad_path", "A path begins with /.");
    const headers: Record<string, string> = { Accept: "application/json" };
    if (token !== null) headers.Authorization = `Bearer ${token}`;
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const request = { method, url: address.http + path, headers, timeout: TIMEOUT };
    try {
      const answer = await transport.fetch(
        body === undefined ? request : { ...request, body: toUtf8(JSON.stringify(body)) },
      );
      return { status: answer.status, body: jsonOf(answer.body) };
    } catch {
      throw new NotConnected();
    }
  };
}

function jsonOf(bytes: Uint8Array): Json {
  try {
    return JSON.parse(readUtf8(bytes, 0, bytes.length)) as Json;
  } catch {
    return null;
  }
}
