/**
 * A token that was pasted or came by the address, kept in this browser so that a reload needs no other. What a link code
 * gives is kept by the client itself.
 */

const KEY = "tongbu.token";

/** Asks the hub for a token in place of one that runs out; the same where the hub gives none. */
export type Renew = (token: string) => Promise<string>;

/** Private windows may have no storage: then a token lasts as long as the page. */
export function keepToken(token: string | null): void {
  try {
    if (token === null) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, token);
  } catch {
    return;
  }
}

export function keptToken(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

/** What the client asks for tokens: first it gets the one there is, then, as that runs out, renewed ones. */
export function tokenSource(first: string, renew: Renew): () => Promise<string> {
  let token = first;
  let given = false;
  return async () => {
    if (given) token = await renew(token);
    if (given) keepToken(token);
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
  return typeof next === "string" ? next : token;
};
