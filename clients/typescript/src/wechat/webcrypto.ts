/**
 * What a mini program gives Yjs in place of `lib0/webcrypto`, which needs a global `crypto` that WeChat doesn't have: set that
 * alias in the bundler. From `wx.getRandomValues` (base library 2.15.0), whose bytes come later: until the first did, and
 * where there is none, from `Math.random`. Enough for the ids of Yjs, which must differ and need not be secret.
 */
import { wxRandom } from "./chance.js";
import type { Wx } from "./wx.js";

declare const wx: Wx;

const random = wxRandom(wx);

/** Fills it, and answers with the same. */
export function getRandomValues<Values extends ArrayBufferView>(values: Values): Values {
  const { buffer, byteOffset, byteLength } = values;
  new Uint8Array(buffer, byteOffset, byteLength).set(random(byteLength));
  return values;
}

/** Yjs asks for none. */
export const subtle = undefined;
