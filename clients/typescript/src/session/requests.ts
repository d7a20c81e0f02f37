/** HTTP requests to the hub, for what has no message on the wire. */
import type { Json } from "../api.js";
import { TongbuError } from "../errors.js";
import type { Transport } from "../ports.js";
import { readUtf8, toUtf8 } from "../protocol/utf8.js";
import type { Address } from "./address.js";
import { NotConnected } from "./errors.js";

/** ms until a request is given up. */
const TIMEOUT = 30_000;

export interface Answered {
  readonly status: number;
  /** null where the answer is no JSON. */
  readonly body: Json;
}

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
