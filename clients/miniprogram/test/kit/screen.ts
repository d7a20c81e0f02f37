/** Pages and components drawn by WeChat's own compiler and component system in a DOM. */
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Hub } from "@tongbu/client";
import { onTestFinished } from "vitest";
import { Value } from "../../../web/src/model/value.ts";
import type { FakeHub } from "../../../web/test/kit/fake-hub.ts";
import type { Device } from "../../miniprogram/device/device.ts";
import { speechFor } from "../../miniprogram/i18n/speech.ts";
import { aPhone, type Phone } from "./phone.ts";

const require = createRequire(import.meta.url);

interface Drawn {
  readonly dom: HTMLElement;
  readonly data: Record<string, unknown>;
  // biome-ignore lint/suspicious/noExplicitAny: a page's methods are its own, and the kit serves them all
  readonly instance: any;
  attach(parent: Node): void;
  detach(): void;
  triggerPageLifeTime(name: string): void;
  addEventListener(name: string, listener: (event: { detail: unknown }) => void): void;
}

export interface Screen {
  readonly data: Record<string, unknown>;
  readonly instance: Drawn["instance"];
  detach(): void;
  pageLifeTime(name: "show" | "hide"): void;
  on(name: string, listener: (detail: unknown) => void): void;
  readonly phone: Phone;
  readonly device: FakeDevice;
  /** What crossed to the drawing side, in order. */
  readonly patches: Record<string, unknown>[];
  text(): string;
  /** Every element of that class, a component's own prefix or not. */
  all(name: string): HTMLElement[];
  /** Taps the first element of that class; resolves once it was drawn. */
  tap(name: string, nth?: number): Promise<void>;
}

export interface FakeDevice extends Device {
  invitations: unknown[];
  refusal: Error | null;
  refreshed: number;
}

export function aDevice(hub: FakeHub | null, language = "en"): FakeDevice {
  const device: FakeDevice = {
    speech: speechFor(language),
    hub: new Value<Hub | null>(hub),
    since: new Value<number | null>(null),
    invitations: [],
    refusal: null,
    refreshed: 0,
    address: () => "https://hub.example.org",
    async signIn(invitation) {
      device.invitations.push(invitation);
      if (device.refusal !== null) throw device.refusal;
    },
    async signOut() {
      device.hub.set(null);
    },
    hidden: () => undefined,
    shown: () => undefined,
    async refresh() {
      device.refreshed += 1;
      return true;
    },
  };
  return device;
}

interface About {
  readonly device?: FakeDevice;
  readonly phone?: Phone;
  readonly properties?: object;
  readonly query?: Record<string, string>;
}

/** @param path in the built folder: `pages/inbox/inbox` */
export function draw(folder: string, path: string, about: About = {}): Screen {
  const { device = aDevice(null), phone = aPhone(), properties = {}, query = {} } = about;
  const globals = globalThis as unknown as { wx: object; getApp: () => unknown };
  globals.getApp = () => ({ device });
  globals.wx = phone;
  const simulate = require("miniprogram-simulate") as {
    load(path: string, options: object): string;
    render(id: string, properties: object): Drawn;
  };
  Object.assign(globals.wx, phone);
  forget(folder);
  const drawn = simulate.render(simulate.load(join(folder, path), { rootPath: folder }), properties);
  const patches: Record<string, unknown>[] = [];
  record(drawn.instance, patches);
  drawn.attach(document.body);
  onTestFinished(() => drawn.detach());
  drawn.instance.onLoad?.(query);
  const all = (name: string): HTMLElement[] =>
    [...drawn.dom.querySelectorAll<HTMLElement>("*")].filter((each) =>
      [...each.classList].some((known) => known === name || known.endsWith(`--${name}`)),
    );
  return {
    phone,
    device,
    patches,
    get data() {
      return drawn.data;
    },
    instance: drawn.instance,
    detach: () => drawn.detach(),
    pageLifeTime: (name) => drawn.triggerPageLifeTime(name),
    on: (name, listener) => drawn.addEventListener(name, ({ detail }) => listener(detail)),
    all,
    text: () => drawn.dom.textContent ?? "",
    async tap(name: string, nth = 0) {
      const element = all(name)[nth];
      if (element === undefined) throw new Error(`nothing of class ${name} is drawn`);
      dispatch(element, "tap");
      await settled();
    },
  };
}

/** Once what was asked for was done and drawn. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}

/** A touch's event, as WeChat's component system hears of it from its own. */
export function dispatch(element: HTMLElement, name: string, fields: object = {}): void {
  const exparser = require("miniprogram-exparser") as {
    Event: {
      dispatchEvent(target: unknown, event: unknown): void;
      create(name: string, detail: object, options: object): unknown;
    };
  };
  const event = exparser.Event.create(
    name,
    {},
    { bubbles: true, capturePhase: true, composed: true, extraFields: fields },
  );
  exparser.Event.dispatchEvent((element as unknown as { __wxElement: unknown }).__wxElement, event);
}

/** Modules of the folder are loaded anew, as by a program that starts. */
function forget(folder: string): void {
  for (const path of Object.keys(require.cache)) if (path.startsWith(folder)) delete require.cache[path];
}

function record(instance: { setData(patch: object): void }, patches: Record<string, unknown>[]): void {
  const setData = instance.setData.bind(instance);
  instance.setData = (patch) => {
    patches.push(structuredClone(patch) as Record<string, unknown>);
    setData(patch);
  };
}
