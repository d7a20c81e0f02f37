/** This phone as a device of a hub: signing in and out, and coming back from the background. */

import { type Speech, speechFor } from "../i18n/speech";
import type { Invitation } from "../model/address";
import { Value } from "../vendor/inbox";
import { connect, type Hub, type HubOptions, sync, TongbuError } from "../vendor/tongbu";
import { after } from "./after";

export interface Device {
  readonly speech: Speech;
  /** Null while nobody is signed in. */
  readonly hub: Value<Hub | null>;
  /** When the connection was lost (ms); null while it is there, and before it ever was. */
  readonly since: Value<number | null>;
  /** Of the hub; empty where none is known. */
  address(): string;
  /** Rejects with a `TongbuError` where the hub refuses; who was signed in then still is. */
  signIn(invitation: Invitation): Promise<void>;
  /** Forgets everything kept here; the hub, where it can be reached, takes this device off the list. */
  signOut(): Promise<void>;
  /** The program went to the background: WeChat lets it run on for about 5 s, then ends its socket. */
  hidden(): void;
  /** The program is before somebody's eyes again. */
  shown(): void;
  /** Brings everything up to date now, by the socket or by one request. Whether that was all. */
  refresh(): Promise<boolean>;
}

/** The program, as `getApp` gives it. */
export interface Program {
  readonly device: Device;
}

/** Where the hub's address is kept, beside the SDK's own `tongbu/…`. */
const ADDRESS_KEY = "tongbu.address";
/** ms after which a program that was shown again and has no socket asks by one request. */
const SOCKET_PATIENCE = 3_000;
/** ms that the hub may take to revoke a device that signs out. */
const REVOKE_PATIENCE = 3_000;

export function openDevice(): Device {
  const hub = new Value<Hub | null>(null);
  const since = new Value<number | null>(null);
  let following: () => void = () => undefined;
  let callOff: () => void = () => undefined;

  const use = (opened: Hub | null): void => {
    following();
    following = opened === null ? () => undefined : followConnection(opened, since);
    since.set(null);
    hub.set(opened);
  };
  const open = (options: Pick<HubOptions, "url" | "linkCode" | "newDevice">): Hub =>
    connect({ ...options, deviceName: deviceName(), platform: "wechat" });
  const address = (): string => String(wx.getStorageSync(ADDRESS_KEY) ?? "");
  const reopen = (): void => use(address() === "" ? null : open({ url: address() }));
  const refresh = async (): Promise<boolean> => {
    const current = hub.get();
    if (current === null) return false;
    current.wake();
    return sync(current).catch(() => false);
  };

  reopen();
  return {
    speech: speechFor(languageTag()),
    hub,
    since,
    address,
    refresh,
    async signIn({ url, code }) {
      await hub.get()?.close();
      use(null);
      const opened = open({ url, linkCode: code, newDevice: true });
      try {
        await welcomed(opened);
      } catch (error) {
        await opened.close();
        reopen();
        throw error;
      }
      wx.setStorageSync(ADDRESS_KEY, url);
      use(opened);
    },
    async signOut() {
      const current = hub.get();
      use(null);
      wx.removeStorageSync(ADDRESS_KEY);
      if (current === null) return;
      await revokeThis(current);
      await current.forget();
    },
    hidden() {
      callOff();
      const current = hub.get();
      if (current !== null && current.unsaved.get() > 0) void sync(current).catch(() => false);
    },
    shown() {
      callOff();
      callOff = after(SOCKET_PATIENCE, () => {
        if (hub.get()?.connection.get().state !== "online") void refresh();
      });
    },
  };
}

/** Whether or not the hub does it in time. */
async function revokeThis(hub: Hub): Promise<void> {
  const device = hub.device.get();
  if (device === null || hub.connection.get().state !== "online") return;
  const late = new Promise<void>((resolve) => after(REVOKE_PATIENCE, resolve));
  const path = `/v1/users/me/devices/${encodeURIComponent(device)}`;
  await Promise.race([hub.request("DELETE", path).catch(() => null), late]);
}

function followConnection(hub: Hub, since: Value<number | null>): () => void {
  let wasOnline = hub.connection.get().state === "online";
  return hub.connection.subscribe(({ state }) => {
    if (state === "online") since.set(null);
    else if (wasOnline && since.get() === null) since.set(hub.now());
    wasOnline ||= state === "online";
  });
}

/** Resolves once the hub took this device; rejects where it refuses it, or can't be reached now: codes live two minutes. */
function welcomed(hub: Hub): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      const connection = hub.connection.get();
      if (connection.state === "starting" || connection.state === "connecting") return;
      stop();
      if (connection.state === "online") resolve();
      else reject(refusalOf(connection));
    };
    const stop = hub.connection.subscribe(look);
    look();
  });
}

function refusalOf(connection: ReturnType<Hub["connection"]["get"]>): TongbuError {
  if (connection.state === "refused") return new TongbuError(connection.code, connection.message);
  const reason = connection.state === "waiting" ? connection.reason : "";
  return new TongbuError("not_connected", reason);
}

/** `zh_CN`, `en` …; as WeChat is set. */
function languageTag(): string {
  return wx.getAppBaseInfo().language;
}

/** What a person reads in the list of their devices: `WeChat · iPhone 15`. */
function deviceName(): string {
  const { model } = wx.getDeviceInfo();
  return ["WeChat", model].filter(Boolean).join(" · ").slice(0, 100);
}
