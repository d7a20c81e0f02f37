/** The core, bundled, in a place that has the language and nothing else: no DOM, no Node, no web. */

import { type Context, createContext, runInContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { bundled } from "../../scripts/bundle.mjs";
import type * as Core from "../../src/index.js";
import { KeptStore } from "../kit/fake-platform.js";
import { ScriptedHub } from "../kit/scripted-hub.js";
import { virtualTime } from "../kit/virtual.js";

/** What V8 puts into a new global object beside the language. */
const HOST_NAMES = ["console", "WebAssembly", "SharedArrayBuffer", "Atomics"];

function bareContext(): Context {
  const context = createContext(Object.create(null));
  for (const name of HOST_NAMES) runInContext(`delete globalThis.${name}`, context);
  return context;
}

/** What platforms have beside the language, which a core that runs everywhere can't use. */
const PLATFORM_NAMES = [
  ...["window", "document", "navigator", "location", "self", "global", "process", "Buffer", "require"],
  ...["crypto", "TextEncoder", "TextDecoder", "URL", "URLSearchParams", "atob", "btoa", "fetch", "WebSocket"],
  ...["setTimeout", "setInterval", "queueMicrotask", "structuredClone", "performance", "console", "Intl"],
  ...["AbortController", "Event", "EventTarget", "MessageChannel", "indexedDB", "localStorage", "Blob"],
];

describe("in a bare context", () => {
  it("nothing of a platform is there to be found", () => {
    const context = bareContext();
    const there = PLATFORM_NAMES.filter((name) => runInContext(`typeof ${name} !== "undefined"`, context));
    expect(there).toEqual(["Intl"]);
  });

  it("the core's text names nothing of a platform", async () => {
    const text = await bundled("index.ts");
    const withoutTexts = text.replace(/"(?:[^"\\]|\\.)*"/g, '""').replace(/`(?:[^`\\]|\\.)*`/g, "``");
    const named = PLATFORM_NAMES.filter((name) =>
      new RegExp(`(?<![\\w$.])${name}(?![\\w$:])`).test(withoutTexts),
    );
    expect(named).toEqual([]);
  });

  it("a device connects, catches up, states and is told", async () => {
    const text = await bundled("index.ts", { format: "iife" });
    const core = runInContext(`${text}; Tongbu`, bareContext()) as typeof Core;
    const time = virtualTime();
    const script = new ScriptedHub(time);
    const store = new KeptStore();
    script.notify("inbox/ann", "n1", "备份完成 ✅");
    const hub = core.createHub(
      {
        name: "bare",
        transport: script.transport,
        open: async () => store.open(() => true),
        surroundings: time,
      },
      { url: "http://hub.test", token: "t" },
    );
    const inbox = hub.inbox();
    await time.advance(0);
    expect(hub.connection.get()).toEqual({ state: "online" });
    expect(inbox.items.get().map(({ title }) => title)).toEqual(["备份完成 ✅"]);

    const read = inbox.mark("n1", { read: true });
    const task = inbox.start({ title: "编译" });
    const progress = task.progress(0.5, "一半 😀");
    expect(inbox.counts.get()).toEqual({ unread: 0, unseen: 0, open: 1 });
    await time.advance(1_000);
    await Promise.all([read.saved, progress.saved]);
    expect(script.value("inbox/ann", "n1", "read")).toBe(true);
    expect(script.value("inbox/ann", task.id, "progress")).toEqual([1, 0.5, "一半 😀"]);

    script.state("inbox/ann", ["n1", "archived", true, script.now * 1_024, "laptop"]);
    await time.advance(0);
    expect(inbox.get("n1")?.archived).toBe(true);
    expect(() => inbox.mark("not an id", { read: true })).toThrow(core.Refusal);
    await hub.close();
    expect(hub.connection.get()).toEqual({ state: "closed" });
  });
});
