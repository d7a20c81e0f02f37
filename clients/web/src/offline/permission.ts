/** Whether this browser may show system notifications, and whether the person wants them here. */

import { Value } from "../model/value.ts";

export type Permission = "on" | "off" | "denied" | "impossible";

export interface Notices {
  readonly state: Value<Permission>;
  /** Asks the browser where it has not been asked; only ever by a person's click. */
  turnOn(): Promise<void>;
  turnOff(): void;
}

const KEY = "tongbu.notifications";

function wanted(): boolean {
  try {
    return localStorage.getItem(KEY) === "on";
  } catch {
    return false;
  }
}

function want(on: boolean): void {
  try {
    localStorage.setItem(KEY, on ? "on" : "off");
  } catch {
    return;
  }
}

function present(): Permission {
  if (typeof Notification === "undefined" || navigator.serviceWorker === undefined) return "impossible";
  if (Notification.permission === "denied") return "denied";
  return Notification.permission === "granted" && wanted() ? "on" : "off";
}

export function openNotices(): Notices {
  const state = new Value<Permission>(present());
  return {
    state,
    async turnOn() {
      if (state.get() === "impossible") return;
      want(true);
      await Notification.requestPermission();
      state.set(present());
    },
    turnOff() {
      want(false);
      state.set(present());
    },
  };
}
