/** Saying something that may not be taken: what stands in the way is told, and the page goes on. */

import { TongbuError } from "@tongbu/client";
import { explained } from "../model/errors.ts";
import type { Speech } from "./context.ts";
import type { Overlay } from "./overlay.ts";

/** What `act` gives; null where it was refused, which is then told in a toast. Other errors are thrown on. */
export type Attempt = <Result>(act: () => Result) => Result | null;

export function openAttempt(overlay: Overlay, speech: () => Speech): Attempt {
  return (act) => {
    try {
      return act();
    } catch (error) {
      if (!(error instanceof TongbuError)) throw error;
      overlay.toast.set({ text: explained(error, speech().words.errors), tone: "problem" });
      return null;
    }
  };
}
