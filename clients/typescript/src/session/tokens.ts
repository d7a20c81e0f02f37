/**
 * Tokens: where they come from, when they run out, what replaces them. What one says is read without checking its
 * signature: that is the hub's business.
 */
import { TongbuError } from "../errors.js";
import { fromBase64 } from "../platform/base64.js";
import { readUtf8 } from "../protocol/utf8.js";

/** ms before its end that a token is renewed; a short-lived one after four fifths of its time. */
const EARLY = 60_000;

export interface Credentials {
  /** The token to say hello with. */
  current(): Promise<string>;
  /** A token in place of one that runs out or was refused; the same where there is no other. */
  renewed(old: string): Promise<string>;
}

interface Claims {
  readonly sub?: unknown;
  readonly exp?: unknown;
  readonly device?: unknown;
}

/** What a JWT says; nothing where the token is of another sort. */
export function claimsOf(token: string): Claims {
  const [, body = "", signature] = token.split(".");
  try {
    const bytes = fromBase64(body);
    return signature === undefined ? {} : (Object(JSON.parse(readUtf8(bytes, 0, bytes.length))) as Claims);
  } catch {
    return {};
  }
}

/** Null where it says none of that sort. */
function claim(token: string, name: keyof Claims, sort: "string" | "number"): unknown {
  const value = claimsOf(token)[name];
  return typeof value === sort ? value : null;
}

/** Whose token it is; null where it doesn't tell. */
export function userOf(token: string): string | null {
  return claim(token, "sub", "string") as string | null;
}

/** The device that it is good for alone; null for any. */
export function boundTo(token: string): string | null {
  return claim(token, "device", "string") as string | null;
}

/** When it ends, in ms since 1970; null where it doesn't tell. */
export function expiryOf(token: string): number | null {
  const seconds = claim(token, "exp", "number") as number | null;
  return seconds === null ? null : seconds * 1_000;
}

/** ms from `now` until the token should be renewed; null for never. */
export function renewalWait(token: string, now: number): number | null {
  const expiry = expiryOf(token);
  if (expiry === null) return null;
  const left = expiry - now;
  return Math.max(0, left > 5 * EARLY ? left - EARLY : left * 0.8);
}

/** Asked for when there is none, or the one there is no longer does. `now`: the hub's time. */
export function askedToken(source: () => Promise<string>, now: () => number): Credentials {
  let token: string | null = null;
  const ask = async () => {
    token = null;
    token = await source();
    return token;
  };
  return {
    async current() {
      if (token === null) return ask();
      const expiry = expiryOf(token);
      return expiry !== null && expiry <= now() ? ask() : token;
    },
    async renewed(old) {
      return token === null || token === old ? ask() : token;
    },
  };
}

/** What the store keeps of a link code: the token it gave, and the code, which is spent then. */
export interface KeptToken {
  readonly token?: string | undefined;
  readonly code?: string | undefined;
}

/** None was given, and the store holds none. */
export async function noToken(): Promise<never> {
  throw new TongbuError("token");
}
