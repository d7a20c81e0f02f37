import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { aNotification } from "../kit/items.ts";
import { type OpenedPage, openPage } from "../kit/page.tsx";

const setAppBadge = vi.fn(async (_count: number) => undefined);
const clearAppBadge = vi.fn(async () => undefined);
let page: OpenedPage;

beforeEach(() => {
  localStorage.clear();
  Object.assign(navigator, { setAppBadge, clearAppBadge });
});
afterEach(() => {
  page.close();
  Reflect.deleteProperty(navigator, "setAppBadge");
  Reflect.deleteProperty(navigator, "clearAppBadge");
});

test("The app's badge has the number of unread notifications, and goes with the last", async () => {
  page = await openPage({ items: [aNotification({ id: "a" }), aNotification({ id: "b" })] });
  expect(setAppBadge.mock.calls).toEqual([[2]]);
  await page.after(() => page.hub.ledger.mark("a", { read: true }));
  expect(setAppBadge.mock.calls).toEqual([[2], [1]]);
  expect(clearAppBadge).not.toHaveBeenCalled();
  await page.after(() => page.hub.ledger.mark("b", { read: true }));
  expect(clearAppBadge).toHaveBeenCalledOnce();
});
