// @vitest-environment happy-dom
/** The hooks in Preact and in React alike, over a ledger of two items. */

import * as preact from "preact/compat";
import { act as preactAct } from "preact/test-utils";
import * as react from "react";
import { createRoot } from "react-dom/client";
import { renderToString } from "react-dom/server";
import { describe, expect, it } from "vitest";
import type { Changed, Connection, Counts, Hub, Item, Ledger, Readable } from "../../src/api.js";
import { createHooks, type HookLibrary } from "../../src/hooks/index.js";

interface Followed<Value> extends Readable<Value> {
  set(value: Value): void;
  readonly followers: number;
}

function followed<Value>(initial: Value): Followed<Value> {
  let value = initial;
  const listeners = new Set<(value: Value) => void>();
  return {
    get: () => value,
    set(next) {
      value = next;
      for (const each of [...listeners]) each(value);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    get followers() {
      return listeners.size;
    },
  };
}

function item(id: string, title: string): Item {
  return { id, kind: "notification", title } as Item;
}

function fakeLedger() {
  const items = new Map([item("a", "first"), item("b", "second")].map((each) => [each.id, each]));
  const watchers = new Set<(changed: Changed) => void>();
  const shown = followed<readonly Item[]>([...items.values()]);
  const counts = followed<Counts>({ unread: 2, unseen: 2, open: 0 });
  const ledger = {
    items: shown,
    counts,
    get: (id: string) => items.get(id) ?? null,
    watch(listener: (changed: Changed) => void) {
      watchers.add(listener);
      return () => void watchers.delete(listener);
    },
  } as unknown as Ledger;
  const put = (changed: Item) => {
    items.set(changed.id, changed);
    shown.set([...items.values()]);
    for (const each of [...watchers]) each(new Set([changed.id]));
  };
  const replaceAll = (title: string) => {
    for (const id of items.keys()) items.set(id, item(id, title));
    shown.set([...items.values()]);
    for (const each of [...watchers]) each("all");
  };
  return { ledger, put, replaceAll, counts, watchers, shown };
}

type Node = unknown;

/** One of both libraries, as far as the tests need it. */
interface Renderer {
  readonly name: string;
  readonly library: HookLibrary;
  element(component: (properties: never) => Node, properties: object): Node;
  mount(make: () => Node): Promise<{ text(): string; again(): Promise<void>; unmount(): Promise<void> }>;
  act(run: () => void): Promise<void>;
}

const inPreact: Renderer = {
  name: "Preact",
  library: preact,
  element: (component, properties) => preact.createElement(component as never, properties),
  act: async (run) => void (await preactAct(run)),
  async mount(make) {
    const host = document.createElement("div");
    const render = () => preactAct(() => void preact.render(make() as never, host));
    await render();
    return {
      text: () => host.textContent ?? "",
      again: async () => void (await render()),
      unmount: async () => void (await preactAct(() => void preact.render(null, host))),
    };
  },
};

const inReact: Renderer = {
  name: "React",
  library: react,
  element: (component, properties) => react.createElement(component as never, properties),
  act: async (run) => react.act(async () => run()),
  async mount(make) {
    (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
    const host = document.createElement("div");
    const root = createRoot(host);
    const render = () => react.act(async () => root.render(make() as never));
    await render();
    return {
      text: () => host.textContent ?? "",
      again: render,
      unmount: () => react.act(async () => root.unmount()),
    };
  },
};

describe.each([inPreact, inReact])("in $name", ({ library, element, mount, act }) => {
  const { useItems, useItem, useCounts, useConnection, useUnsaved, useReadable } = createHooks(library);

  it("a list and its counts follow the ledger", async () => {
    const { ledger, put, counts } = fakeLedger();
    const List = () => {
      const titles = useItems(ledger).map(({ title }) => title);
      return `${titles.join(",")} ${useCounts(ledger).unread}`;
    };
    const page = await mount(() => element(List, {}));
    expect(page.text()).toBe("first,second 2");
    await act(() => put(item("b", "third")));
    await act(() => counts.set({ unread: 1, unseen: 0, open: 0 }));
    expect(page.text()).toBe("first,third 1");
  });

  it("one item renders again for itself alone", async () => {
    const { ledger, put, replaceAll } = fakeLedger();
    let rendered = 0;
    const Row = ({ id }: { id: string }) => {
      rendered++;
      return useItem(ledger, id)?.title ?? "nothing";
    };
    const page = await mount(() => element(Row, { id: "a" }));
    const before = rendered;
    await act(() => put(item("b", "other")));
    expect(rendered).toBe(before);
    await act(() => put(item("a", "changed")));
    expect(page.text()).toBe("changed");
    await act(() => replaceAll("new"));
    expect(page.text()).toBe("new");
  });

  it("another id is another item, and one that is not there is null", async () => {
    const { ledger, put } = fakeLedger();
    let id = "a";
    const Row = (properties: { id: string }) => useItem(ledger, properties.id)?.title ?? "nothing";
    const page = await mount(() => element(Row, { id }));
    expect(page.text()).toBe("first");
    id = "c";
    await page.again();
    expect(page.text()).toBe("nothing");
    await act(() => put(item("c", "came")));
    expect(page.text()).toBe("came");
  });

  it("follows once however often it renders, and stops with the page", async () => {
    const { ledger, shown, watchers } = fakeLedger();
    const Page = () => `${useItems(ledger).length} ${useItem(ledger, "a")?.title}`;
    const page = await mount(() => element(Page, {}));
    await page.again();
    await page.again();
    expect([shown.followers, watchers.size]).toEqual([1, 1]);
    await page.unmount();
    expect([shown.followers, watchers.size]).toEqual([0, 0]);
  });

  it("tells how the connection is and what is not saved", async () => {
    const connection = followed<Connection>({ state: "connecting" });
    const unsaved = followed(3);
    const hub = { connection, unsaved } as unknown as Hub;
    const extra = followed("x");
    const Status = () => `${useConnection(hub).state} ${useUnsaved(hub)} ${useReadable(extra)}`;
    const page = await mount(() => element(Status, {}));
    expect(page.text()).toBe("connecting 3 x");
    await act(() => {
      connection.set({ state: "online" });
      unsaved.set(0);
      extra.set("y");
    });
    expect(page.text()).toBe("online 0 y");
  });
});

it("renders on a server what is there", () => {
  const { ledger } = fakeLedger();
  const { useItems } = createHooks(react);
  const List = () => useItems(ledger).length.toString();
  expect(renderToString(react.createElement(List))).toBe("2");
});
