import { afterEach, beforeEach, expect, test } from "vitest";
import { someDevices } from "../kit/fake-devices.ts";
import { aNotification, NOW } from "../kit/items.ts";
import { type OpenedPage, openPage } from "../kit/page.tsx";

let page: OpenedPage;

beforeEach(() => localStorage.clear());
afterEach(() => page.close());

const refused = (code: string) => ({ state: "refused", code, message: "No." }) as const;

test("Between a code and the hub's answer the page says so; then it says in words what was wrong", async () => {
  page = await openPage({ user: null, credentials: { linkCode: "X" }, connection: { state: "connecting" } });
  expect(page.text()).toContain("Signing in…");
  await page.after(() => page.hub.connection.set({ state: "waiting", retryAt: NOW, reason: "" }));
  expect(page.text()).toContain("The hub does not answer");
  await page.click(page.button("Try now"));
  expect(page.hub.woken).toBe(1);
  await page.after(() => page.hub.connection.set(refused("link_code")));
  expect(page.root.querySelector("[role=alert]")?.textContent).toContain("unknown, used or expired");
  for (const [code, text] of [
    ["token", "does not take this token"],
    ["forbidden", "lets this device in no more"],
    ["wrong_user", "another user's"],
    ["limit", "That did not work: No."],
  ] as const) {
    await page.after(() => page.hub.connection.set(refused(code)));
    expect(page.root.querySelector("[role=alert]")?.textContent).toContain(text);
  }
});

test("A token is not shown while it is typed, a code is", async () => {
  page = await openPage({ user: null, connection: refused("token") });
  const field = () => page.root.querySelector("#credentials");
  await page.type("#credentials", "7KQ4 M2XJ");
  expect(field()?.classList.contains("is-secret")).toBe(false);
  await page.type("#credentials", "aaa.bbb.ccc");
  expect(field()?.classList.contains("is-secret")).toBe(true);
});

test("Signing out asks, says what is unsaved, and the hub hears that the device is gone", async () => {
  const devices = someDevices(() => NOW);
  page = await openPage({ path: "/settings", items: [aNotification({ id: "a" })], answer: devices.answer });
  await page.click(page.button("Sign out"));
  await page.click(page.root.querySelector("dialog .button-danger") as HTMLElement);
  await page.after(() => {});
  expect(devices.devices[0]?.revoked_at).toBe(NOW);
  expect(page.hub.ended).toBe("forgotten");
});

test("Offline, signing out tells what would be lost, and asks nobody", async () => {
  const devices = someDevices(() => NOW);
  page = await openPage({
    path: "/settings",
    items: [aNotification({ id: "a" })],
    answer: devices.answer,
    connection: { state: "waiting", retryAt: NOW, reason: "" },
  });
  await page.after(() => page.hub.ledger.mark("a", { read: true }));
  await page.click(page.button("Forget everything here"));
  expect(page.root.querySelector("dialog")?.textContent).toContain(
    "1 change is not saved yet and would be lost",
  );
  await page.click(page.root.querySelector("dialog .button-danger") as HTMLElement);
  await page.after(() => {});
  expect(page.hub.requests).toEqual([]);
  expect(page.hub.ended).toBe("forgotten");
});

test("Settings tell what is kept here and which hub this is", async () => {
  page = await openPage({
    path: "/settings",
    items: [aNotification(), aNotification()],
    answer: () => ({ status: 200, body: { name: "Tongbu", version: "9.8.7" } }),
  });
  await page.after(() => {});
  expect(page.text()).toContain("2 items");
  expect(page.text()).toContain("9.8.7");
});
