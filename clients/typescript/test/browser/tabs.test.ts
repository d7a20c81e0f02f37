import { expect, it } from "vitest";
import { webTabs } from "../../src/browser/tabs.js";
import { FakeLocks } from "../kit/locks.js";

it("holds a channel open only while somebody listens: an open one keeps a page from being kept for going back", () => {
  const open = new Set<object>();
  class Channel {
    onmessage = null;
    constructor() {
      open.add(this);
    }
    postMessage(): void {}
    close(): void {
      open.delete(this);
    }
  }
  const tabs = webTabs(
    new FakeLocks() as unknown as LockManager,
    Channel as unknown as typeof BroadcastChannel,
    "me",
  );
  const stops = [tabs.listen(() => undefined), tabs.listen(() => undefined)];
  tabs.post("to the others");
  expect(open.size).toBe(1);
  stops[0]?.();
  expect(open.size).toBe(1);
  stops[1]?.();
  expect(open.size).toBe(0);
  tabs.post("after the end");
  expect(open.size).toBe(0);
});
