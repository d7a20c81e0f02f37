/**
 * Letting somebody in: what they gave is tried with the hub first, and only what it took is kept. Whatever stands in the
 * way leaves all as it was.
 */

import { TongbuError } from "@tongbu/client";
import { keepToken, TOKEN_KEY } from "./kept-token.ts";
import type { Given } from "./model/credentials.ts";
import { deviceName } from "./model/device-name.ts";
import { hasNoInbox, userOf } from "./model/token.ts";

/** The code of a token that is good for other things. */
export const NO_INBOX = "no_inbox";

export interface Admission {
  /**
   * Keeps the token that was given, or that the code is traded for, and tells whose it is. `here`: who is known on this
   * device; null where nobody is. Rejects with a `TongbuError`: `link_code`, `token`, `no_inbox`, `forbidden`,
   * `wrong_user` or `not_connected`.
   */
  admit(given: Given, here: string | null): Promise<string>;
  /** Forgets the token. */
  forget(): void;
  /** Calls when another tab let somebody in. Returns how to stop. */
  onAdmitted(listener: () => void): () => void;
}

async function ask(
  path: string,
  init: RequestInit,
): Promise<{ readonly status: number; readonly body: unknown }> {
  try {
    const answer = await fetch(path, { ...init, signal: AbortSignal.timeout(15_000) });
    return { status: answer.status, body: answer.ok ? await answer.json() : null };
  } catch {
    throw new TongbuError("not_connected", "The hub can't be reached now.");
  }
}

function unexpected(status: number): TongbuError {
  return new TongbuError("not_connected", `The hub answered ${status}.`);
}

/** A code can be traded once. */
async function claim(code: string): Promise<string> {
  const { status, body } = await ask("/v1/devices/claim", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ code, name: deviceName(navigator.userAgent), platform: "web" }),
  });
  const token = (body as { readonly token?: unknown } | null)?.token;
  if (typeof token === "string") return token;
  if (status === 429 || status >= 500) throw unexpected(status);
  throw new TongbuError("link_code", "The link code is unknown, used or expired.");
}

/** Whether the hub takes it for an inbox. */
async function check(token: string): Promise<void> {
  if (hasNoInbox(token)) throw new TongbuError(NO_INBOX, "The token has not the scope user.");
  const { status } = await ask("/v1/users/me/devices?limit=1", {
    headers: { Authorization: `Bearer ${token}` },
  });
  if (status === 200) return;
  if (status === 403) throw new TongbuError("forbidden", "The token gives no right to an inbox.");
  if (status === 429 || status >= 500) throw unexpected(status);
  throw new TongbuError("token", "The hub does not take this token.");
}

/** @throws TongbuError `token` where it tells no user, `wrong_user` where it is not the one who is here. */
function ownerOf(token: string, here: string | null): string {
  const user = userOf(token);
  if (user === null) throw new TongbuError("token", "This is no token.");
  if (here !== null && here !== user) throw new TongbuError("wrong_user", "Somebody else is signed in here.");
  return user;
}

export const admission: Admission = {
  async admit(given, here) {
    const token = "token" in given ? given.token : await claim(given.linkCode);
    const user = ownerOf(token, here);
    await check(token);
    keepToken(token);
    return user;
  },
  forget: () => keepToken(null),
  onAdmitted(listener) {
    const onStorage = ({ key, newValue }: StorageEvent) => {
      if (key === TOKEN_KEY && newValue !== null) listener();
    };
    window.addEventListener("storage", onStorage);
    return () => window.removeEventListener("storage", onStorage);
  },
};
