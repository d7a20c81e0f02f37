/**
 * The token of this browser, kept so that a reload needs no other. All tabs share it: whichever renews it, the others
 * take that one.
 */

import { longer, userOf } from "./model/token.ts";

export const TOKEN_KEY = "tongbu.token";

/** Asks the hub for a token in place of one that runs out; null where the hub gives none. */
export type Renew = (token: string) => Promise<string | null>;

/** Private windows may have no storage: then a token lasts as long as the page. */
let inMemory: string | null = null;

export function keepToken(token: string | null): void {
  inMemory = null;
  try {
    if (token === null) localStorage.removeItem(TOKEN_KEY);
    else localStorage.setItem(TOKEN_KEY, token);
  } catch {
    inMemory = token;
  }
}

export function keptToken(): string | null {
  try {
    return localStorage.getItem(TOKEN_KEY) ?? inMemory;
  } catch {
    return inMemory;
  }
}

/** Where a token of that user is still kept: signing out, or in as another, in any tab ends that. */
function keepRenewed(token: string): void {
  const kept = keptToken();
  if (kept !== null && userOf(kept) === userOf(token)) keepToken(longer(token, kept));
}

/**
 * What the client asks for tokens: first it gets the best there is, then, as that runs out, what another tab has kept
 * meanwhile, or a renewed one. Where the hub renews nothing, the same once more, and what is kept stays as it is.
 */
export function tokenSource(first: string, renew: Renew): () => Promise<string> {
  let token = first;
  let given = false;
  return async () => {
    const best = longer(token, keptToken());
    if (given && best === token) {
      const next = await renew(token);
      if (next === null || next === token) return longer(token, keptToken());
      keepRenewed(next);
      token = next;
    } else token = best;
    given = true;
    return token;
  };
}

/** By `POST /v1/token/renew`. */
export const renewOverHttp: Renew = async (token) => {
  const answer = await fetch("/v1/token/renew", {
    method: "POST",
    headers: { Authorization: `Bearer ${token}` },
  });
  const body: unknown = answer.ok ? await answer.json() : null;
  const next = (body as { readonly token?: unknown } | null)?.token;
  return typeof next === "string" ? next : null;
};
