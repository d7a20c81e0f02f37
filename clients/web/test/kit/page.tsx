/** The whole page on a hub in memory, and ways to look at it and use it as a person does. */

import { render } from "preact";
import { act } from "preact/test-utils";
import type { Admission } from "../../src/admission.ts";
import { App } from "../../src/app.tsx";
import type { Credentials, Given } from "../../src/model/credentials.ts";
import { openPreferences } from "../../src/shell/preferences.ts";
import { openRouter } from "../../src/shell/router.ts";
import { DocumentsContext } from "../../src/task/documents.ts";
import { fetchWords } from "../../src/words/languages.ts";
import { type FakeDocuments, fakeDocuments } from "./fake-documents.ts";
import { FakeHub, type FakeOptions } from "./fake-hub.ts";

export interface OpenedPage {
  readonly hub: FakeHub;
  readonly documents: FakeDocuments;
  readonly admission: FakeAdmission;
  /** How the device was opened, each time: as another than it was? */
  readonly newDevices: readonly boolean[];
  readonly root: HTMLElement;
  /** The only button or link of that name; the first where there are several. */
  button(name: string | RegExp): HTMLElement;
  /** Titles of the rows, from the top. */
  titles(): string[];
  row(id: string): HTMLElement;
  press(key: string, how?: KeyboardEventInit): Promise<void>;
  click(element: HTMLElement): Promise<void>;
  type(selector: string, text: string): Promise<void>;
  /** Do something to the hub and let the page be drawn. */
  after(change: () => void): Promise<void>;
  text(): string;
  close(): void;
}

/** Lets everybody in, unless told otherwise. */
export interface FakeAdmission extends Admission {
  /** Everything that was tried, and who was here. */
  readonly tried: { readonly given: Given; readonly here: string | null }[];
  /** What trying gives: whose it is, or an error. */
  outcome: () => string | Promise<string>;
  forgotten: number;
  /** Another tab let somebody in. */
  elsewhere(): void;
}

function fakeAdmission(): FakeAdmission {
  const listeners = new Set<() => void>();
  const admission: FakeAdmission = {
    tried: [],
    outcome: () => "ann",
    forgotten: 0,
    async admit(given, here) {
      admission.tried.push({ given, here });
      return await admission.outcome();
    },
    forget() {
      admission.forgotten += 1;
    },
    onAdmitted(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    elsewhere() {
      for (const listener of listeners) listener();
    },
  };
  return admission;
}

interface PageOptions extends FakeOptions {
  readonly path?: string;
  readonly credentials?: Credentials;
  /** The hubs that are opened after the first; without them it is opened again. */
  readonly next?: FakeHub[];
  readonly language?: "en" | "zh";
}

function nameOf(element: Element): string {
  return element.getAttribute("aria-label") ?? element.textContent ?? "";
}

function find(root: ParentNode, name: string | RegExp): HTMLElement {
  const all = [...root.querySelectorAll<HTMLElement>("button, a")];
  const fits = (text: string) => (typeof name === "string" ? text.trim() === name : name.test(text));
  const found = all.find((element) => fits(nameOf(element)));
  if (found === undefined)
    throw new Error(`Nothing to press is called ${name}: ${all.map(nameOf).join(" | ")}`);
  return found;
}

/** Lets what answers at once be answered, and the page be drawn. */
function settled(change: () => void): Promise<void> {
  return act(async () => {
    change();
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  });
}

await Promise.all([fetchWords("en"), fetchWords("zh")]);

export async function openPage({
  path = "/",
  credentials = null,
  next = [],
  language = "en",
  ...options
}: PageOptions = {}): Promise<OpenedPage> {
  window.history.replaceState(null, "", path);
  const hub = new FakeHub(options);
  const documents = fakeDocuments();
  const admission = fakeAdmission();
  let opened = 0;
  const root = document.createElement("div");
  document.body.append(root);
  const preferences = openPreferences();
  preferences.language.set(language);
  const router = openRouter();
  const newDevices: boolean[] = [];
  const openHub = (newDevice: boolean) => {
    opened += 1;
    newDevices.push(newDevice);
    return opened === 1 ? hub : (next[opened - 2] ?? hub);
  };
  await settled(() =>
    render(
      <DocumentsContext.Provider value={documents.open}>
        <App
          openHub={openHub}
          admission={admission}
          credentials={credentials}
          preferences={preferences}
          router={router}
        />
      </DocumentsContext.Provider>,
      root,
    ),
  );
  await settled(() => {});
  return {
    hub,
    documents,
    admission,
    newDevices,
    root,
    button: (name) => find(root, name),
    titles: () => [...root.querySelectorAll(".row-title")].map((title) => title.textContent ?? ""),
    row(id) {
      const row = root.querySelector<HTMLElement>(`[data-id="${id}"]`);
      if (row === null) throw new Error(`There is no row of ${id}.`);
      return row;
    },
    press: (key, how = {}) =>
      settled(() => {
        const target = document.activeElement ?? document.body;
        target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...how }));
      }),
    click: (element) => settled(() => element.click()),
    type: (selector, text) =>
      settled(() => {
        const field = root.querySelector<HTMLInputElement>(selector);
        if (field === null) throw new Error(`There is no field ${selector}.`);
        field.value = text;
        field.dispatchEvent(new Event("input", { bubbles: true }));
      }),
    after: settled,
    text: () => root.textContent ?? "",
    close() {
      render(null, root);
      root.remove();
      router.stop();
    },
  };
}
