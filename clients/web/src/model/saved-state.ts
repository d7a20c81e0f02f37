/** How it stands with what a person did: honest, in one word of our own that the languages put into theirs. */

import type { Connection } from "@tongbu/client";
import type { Told } from "./errors.ts";

export type SavedState =
  | { readonly name: "starting" }
  | { readonly name: "saved" }
  | { readonly name: "unsaved"; readonly count: number }
  | { readonly name: "connecting"; readonly count: number }
  | { readonly name: "offline"; readonly count: number; readonly since: number | null }
  /** `error`: what the hub has against this device, where it is not just that the token ended. */
  | { readonly name: "signIn"; readonly count: number; readonly error: Told | null }
  /** This device keeps nothing any more: what is unsaved ends with the page. */
  | { readonly name: "trouble"; readonly count: number };

export interface Standing {
  readonly connection: Connection;
  readonly unsaved: number;
  /** When the connection was lost; null where there was none yet. */
  readonly since: number | null;
  /** Whether this device's storage takes what it is given. */
  readonly keeps: boolean;
}

export function savedState({ connection, unsaved, since, keeps }: Standing): SavedState {
  if (!keeps && connection.state !== "refused") return { name: "trouble", count: unsaved };
  switch (connection.state) {
    case "online":
      return unsaved === 0 ? { name: "saved" } : { name: "unsaved", count: unsaved };
    case "starting":
      return { name: "starting" };
    case "connecting":
      return since === null
        ? { name: "connecting", count: unsaved }
        : { name: "offline", count: unsaved, since };
    case "refused":
      return {
        name: "signIn",
        count: unsaved,
        error: connection.code === "token" ? null : connection,
      };
    default:
      return { name: "offline", count: unsaved, since };
  }
}
