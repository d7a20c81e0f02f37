/** Asking the hub: commands, and HTTP requests for what has no message on the wire: history, the list of devices. */
import type { Json } from "../api.js";
import { TongbuError } from "../errors.js";
import type { Transport } from "../ports.js";
import { readUtf8, toUtf8 } from "../protocol/utf8.js";
import type { Address } from "../session/address.js";
import { promised } from "../session/cell.js";
import { NotConnected } from "../session/errors.js";
import type { Extra } from "../session/extra.js";

/** ms until a request is given up. */
const TIMEOUT = 30_000;

/** ms that an answer may take, whoever is asked. */
const ANSWER_TIMEOUT = 35_000;

/** `Hub.command` works, and `Hub.request`, with this device's token, and once more where that ran out. */
export const requests: Extra = (extras) => {
  extras.ask = ({ platform, role }, asked) => {
    const { promise, resolve, reject } = promised<unknown>();
    const callOff = platform.surroundings.after(ANSWER_TIMEOUT, () => reject(new NotConnected()));
    role.ask(asked).then(resolve, reject);
    return promise.finally(callOff);
  };
  extras.answer = async (asked, { platform, address }, credentials, session) => {
    if ("command" in asked) return session.call(asked.command, asked.params);
    const { method, path, body } = asked;
    const ask = askThrough(platform.transport, address);
    const token = await credentials.current();
    const answered = await ask(method, path, body, token);
    if (answered.status !== 401) return answered;
    const next = await credentials.renewed(token);
    return next === token ? answered : ask(method, path, body, next);
  };
};

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
