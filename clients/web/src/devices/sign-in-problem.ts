/** What stands in the way of signing in, in words a person can act on. */

import { explained, type Told } from "../model/errors.ts";
import type { Words } from "../words/en.ts";

export type Obstacle = Told;

export function signInProblem(obstacle: Obstacle, { devices, errors }: Words): string {
  const { signIn } = devices;
  const known: Readonly<Record<string, string>> = {
    link_code: signIn.codeRefused,
    token: signIn.tokenRefused,
    forbidden: signIn.deviceRefused,
    no_inbox: signIn.noInbox,
    wrong_user: signIn.wrongUser,
  };
  return known[obstacle.code] ?? signIn.refused(explained(obstacle, errors));
}
