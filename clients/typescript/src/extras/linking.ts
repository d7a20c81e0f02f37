/** Being let in by a link code instead of a token. */
import type { Json } from "../api.js";
import { TongbuError } from "../errors.js";
import { NotConnected } from "../session/errors.js";
import { aboutOf, type Extra } from "../session/extra.js";
import type { Credentials, KeptToken } from "../session/tokens.js";
import { type Ask, askThrough } from "./requests.js";

/** The link code is unknown, used or expired: get another one. */
export class LinkCodeRefused extends TongbuError {
  constructor() {
    super("link_code", "The link code is unknown, used or expired.");
  }
}

/** `linkCode` of the options works, and later the token it gave, which is kept in the store and renewed by itself. */
export const linking: Extra = (extras) => {
  extras.linked = (device, kept, keep) => {
    const { platform, options, address } = device;
    const code = options.linkCode ?? null;
    if (code === null && kept.token === undefined) return null;
    return claimedToken(askThrough(platform.transport, address), code, kept, keep, aboutOf(device));
  };
};

/** Claimed once with a link code, renewed over HTTP, and kept. `code` null: the store holds a token already. */
function claimedToken(
  ask: Ask,
  code: string | null,
  kept: KeptToken,
  keep: (kept: KeptToken) => void,
  about: { readonly name: string; readonly platform: string },
): Credentials {
  let token = code === null || kept.code === code ? kept.token : undefined;
  const take = (status: number, body: Json): string => {
    const given = (body as { readonly token?: unknown } | null)?.token;
    if (status !== 200 || typeof given !== "string") throw new NotConnected(`The hub answered ${status}.`);
    token = given;
    keep({ token, code: code ?? kept.code });
    return given;
  };
  return {
    async current() {
      if (token !== undefined) return token;
      const answer = await ask("POST", "/v1/devices/claim", { code, ...about }, null);
      if ([400, 401, 403, 404, 422].includes(answer.status)) throw new LinkCodeRefused();
      return take(answer.status, answer.body);
    },
    async renewed(old) {
      const answer = await ask("POST", "/v1/token/renew", {}, old);
      return answer.status === 401 || answer.status === 403 ? old : take(answer.status, answer.body);
    },
  };
}
