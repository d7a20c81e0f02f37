/** Installing the page as an app: offered by the browser, asked for by the person. */

import { Value } from "../model/value.ts";

/** Chromium's event; other browsers have an entry in a menu of their own. */
interface InstallEvent extends Event {
  prompt(): Promise<unknown>;
}

export type Installing = "installed" | "offered" | "byMenu";

export interface Install {
  readonly state: Value<Installing>;
  ask(): void;
}

const isInstalled = () => window.matchMedia("(display-mode: standalone)").matches;

export function openInstall(): Install {
  const state = new Value<Installing>(isInstalled() ? "installed" : "byMenu");
  let offer: InstallEvent | null = null;
  window.addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    offer = event as InstallEvent;
    state.set("offered");
  });
  window.addEventListener("appinstalled", () => state.set("installed"));
  return {
    state,
    ask() {
      const asked = offer;
      offer = null;
      if (asked !== null)
        void asked.prompt().finally(() => state.set(isInstalled() ? "installed" : "byMenu"));
    },
  };
}
