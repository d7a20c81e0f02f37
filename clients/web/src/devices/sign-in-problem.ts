/** What stands in the way of signing in, in words a person can act on. */

import type { Connection } from "@tongbu/client";
import type { Words } from "../words/en.ts";

/** Null where nothing does. */
export function signInProblem(connection: Connection, words: Words["devices"]["signIn"]): string | null {
  if (connection.state !== "refused") return null;
  const known: Readonly<Record<string, string>> = {
    link_code: words.codeRefused,
    token: words.tokenRefused,
    forbidden: words.deviceRefused,
    wrong_user: words.wrongUser,
  };
  return known[connection.code] ?? words.refused(connection.message);
}
