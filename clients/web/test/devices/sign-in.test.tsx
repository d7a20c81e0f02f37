import { TongbuError } from "@tongbu/client";
import { afterEach, beforeEach, expect, test } from "vitest";
import { someDevices } from "../kit/fake-devices.ts";
import { FakeHub } from "../kit/fake-hub.ts";
import { aNotification, NOW } from "../kit/items.ts";
import { type OpenedPage, openPage } from "../kit/page.tsx";

let page: OpenedPage;

beforeEach(() => localStorage.clear());
afterEach(() => page.close());

const refused = (code: string) => ({ state: "refused", code, message: "No." }) as const;

const failing = (code: string) => () => Promise.reject(new TongbuError(code, "No."));
const problem = () => page.root.querySelector("[role=alert]")?.textContent;
const submit = () =>
  page.after(() => page.root.querySelector("form")?.dispatchEvent(new Event("submit", { cancelable: true })));

test("Between a code and the hub's answer the page says so; then it says in words what was wrong", async () => {
  page = await openPage({ user: null, connection: refused("token") });
  page.admission.outcome = () => new Promise(() => {});
  await page.type("#credentials", "ABCD2345");
  await submit();
  expect(page.text()).toContain("Signing in…");
  page.close();
  page = await openPage({ user: null, connection: refused("token") });
  for (const [code, text] of [
    ["link_code", "unknown, used or expired"],
    ["token", "does not take this token"],
    ["forbidden", "lets this device in no more"],
    ["wrong_user", "another user's"],
    ["limit", "That did not work: A limit of the hub is reached. Try later, or with less. (No.)"],
  ] as const) {
    page.admission.outcome = failing(code);
    await page.type("#credentials", "ABCD2345");
    await submit();
    expect(problem()).toContain(text);
  }
  page.admission.outcome = failing("not_connected");
  await submit();
  expect(page.text()).toContain("The hub does not answer");
  page.admission.outcome = failing("link_code");
  await page.click(page.button("Try now"));
  expect(problem()).toContain("unknown, used or expired");
});

test("A link opened where nobody is here signs in, and says as whom", async () => {
  const after = new FakeHub({ user: "bob" });
  const given = { token: "a.b.c" };
  page = await openPage({ user: null, connection: { state: "starting" }, credentials: given, next: [after] });
  expect(page.text()).toContain("Signing in…");
  expect(page.admission.tried).toEqual([]);
  page.admission.outcome = () => "bob";
  await page.after(() => page.hub.connection.set(refused("token")));
  await page.after(() => {});
  expect(page.admission.tried).toEqual([{ given, here: null }]);
  expect(page.root.querySelector(".toast")?.textContent).toContain("You are signed in as bob");
});

test("A link opened where somebody is here asks first, and changes nothing until it worked", async () => {
  const given = { linkCode: "ZZZZ-ZZZZ" };
  page = await openPage({ items: [aNotification({ title: "Mine" })], credentials: given });
  expect(page.root.querySelector("dialog")?.textContent).toContain("You are signed in as ann");
  await page.click(page.button("Cancel"));
  expect(page.admission.tried).toEqual([]);
  expect(page.titles()).toEqual(["Mine"]);
  page.close();
  page = await openPage({ items: [aNotification({ title: "Mine" })], credentials: given });
  page.admission.outcome = failing("link_code");
  await page.click(page.button("Sign in with it"));
  expect(page.admission.tried).toEqual([{ given, here: "ann" }]);
  expect(problem()).toContain("unknown, used or expired");
  expect([page.hub.ended, page.admission.forgotten]).toEqual([null, 0]);
  await page.click(page.button("Cancel"));
  expect(page.titles()).toEqual(["Mine"]);
});

test("Signed out in another tab is signed out here; signed in there is, where this one was refused", async () => {
  const without = new FakeHub({ user: null, connection: refused("token") });
  const signedIn = new FakeHub({ items: [aNotification({ title: "New" })] });
  page = await openPage({ items: [aNotification({ title: "Secret" })], next: [without, signedIn] });
  expect(page.titles()).toEqual(["Secret"]);
  await page.after(() => page.hub.connection.set({ state: "closed" }));
  await page.after(() => {});
  expect(page.text()).not.toContain("Secret");
  expect(page.text()).toContain("Sign in to Tongbu");
  expect(problem()).toBe("");
  await page.after(() => page.admission.elsewhere());
  await page.after(() => {});
  expect(page.titles()).toEqual(["New"]);
});

test("Only who signs in by hand where this device was revoked makes it another one: no start and no other tab does", async () => {
  const open = async (code: string) => {
    const next = [new FakeHub({ user: null, connection: refused("forbidden") }), new FakeHub({})];
    page = await openPage({ user: null, connection: refused(code), next });
    await page.after(() => page.admission.elsewhere());
    await page.after(() => {});
  };
  await open("forbidden");
  expect(page.newDevices).toEqual([false, false]);
  await page.type("#credentials", "a.b.c");
  await submit();
  await page.after(() => {});
  expect(page.newDevices).toEqual([false, false, true]);
  page.close();
  page = await openPage({ user: null, connection: refused("token"), next: [new FakeHub({})] });
  await page.type("#credentials", "a.b.c");
  await submit();
  await page.after(() => {});
  expect(page.newDevices).toEqual([false, false]);
});

test("Where what is kept here can't be read, nothing of it goes on", async () => {
  page = await openPage({ items: [aNotification({ title: "Secret" })] });
  await page.after(() => page.hub.connection.set(refused("store_unusable")));
  expect(page.text()).not.toContain("Secret");
  expect(problem()).toContain("What is kept in this browser can't be read.");
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
  expect(page.root.querySelector(".dialog-warning")).not.toBeNull();
  expect(page.root.querySelector("dialog .button-danger")?.textContent).toBe("Sign out and lose 1 change");
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

test("The door speaks the other language at a touch", async () => {
  page = await openPage({ user: null, connection: { state: "refused", code: "token", message: "None." } });
  await page.click(page.button("中文"));
  expect(page.text()).toContain("登录“同步”");
  expect(page.button("English")).toBeDefined();
});
