import { TongbuError } from "@tongbu/client";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { takeCredentials } from "../../src/shell/address.ts";
import { minutes } from "../../src/shell/clock.ts";
import { aNotification, aTask, NOW } from "../kit/items.ts";
import { type OpenedPage, openPage } from "../kit/page.tsx";

let page: OpenedPage | undefined;

beforeEach(() => localStorage.clear());
afterEach(() => {
  page?.close();
  page = undefined;
});

test("The header says what is true: saved, not saved yet, offline since when, sign in again", async () => {
  vi.useFakeTimers();
  page = await openPage({ items: [aNotification({ id: "a" })] });
  const chip = () => page?.root.querySelector(".saved-chip")?.textContent;
  expect(chip()).toBe("Saved");
  await page.after(() => page?.hub.becomes({ state: "waiting", retryAt: NOW, reason: "No answer." }));
  expect(chip()).toBe("Offline since 14:30");
  await page.after(() => page?.hub.ledger.mark("a", { read: true }));
  expect(page.text()).toContain(
    "Offline since 14:30; everything you do is kept here · 1 change not saved yet",
  );
  await page.click(page.button("Try now"));
  expect(page.hub.woken).toBe(1);
  await page.after(() => page?.hub.connection.set({ state: "online" }));
  await page.after(() => vi.advanceTimersByTime(1000));
  expect(chip()).toBe("1 change not saved yet");
  await page.after(() => page?.hub.ledger.saveAll());
  expect(chip()).toBe("Saved");
  await page.after(() => page?.hub.storeFailure.set("full"));
  expect(chip()).toBe("This device keeps nothing");
  await page.after(() => page?.hub.becomes({ state: "refused", code: "token", message: "Expired." }));
  expect(chip()).toBe("Sign in again");
  vi.useRealTimers();
});

test("Offline since is when it was lost the last time", async () => {
  let now = NOW;
  page = await openPage({ now: () => now });
  const waiting = { state: "waiting" as const, retryAt: NOW, reason: "" };
  await page.after(() => page?.hub.becomes(waiting));
  await page.after(() => page?.hub.becomes({ state: "online" }));
  now += 3_600_000;
  await page.after(() => page?.hub.becomes(waiting));
  expect(page.root.querySelector(".saved-chip")?.textContent).toBe("Offline since 15:30");
});

test("A page that is opened offline knows since when, also from the day before", async () => {
  const waiting = { state: "waiting" as const, retryAt: NOW, reason: "" };
  const chip = () => page?.root.querySelector(".saved-chip")?.textContent;
  page = await openPage();
  await page.after(() => window.dispatchEvent(new Event("pagehide")));
  page.close();
  page = await openPage({ connection: { state: "connecting" }, now: () => NOW + 86_400_000 });
  expect(chip()).toBe("Connecting…");
  await page.after(() => page?.hub.becomes(waiting));
  expect(chip()).toBe("Offline since yesterday 14:30");
  await page.after(() => page?.hub.becomes({ state: "online" }));
  page.close();
  page = await openPage({ connection: waiting });
  expect(chip()).toBe("Offline");
});

test("What the hub refuses is told", async () => {
  page = await openPage();
  await page.after(() => page?.hub.refuse({ message: "progress is 0 to 1" }));
  expect(page.root.querySelector("[role=status] .is-problem")?.textContent).toContain("progress is 0 to 1");
});

test("Who is not known signs in with a token or a code, and is let in", async () => {
  page = await openPage({ user: null, connection: { state: "refused", code: "token", message: "None." } });
  expect(page.text()).toContain("Sign in to Tongbu");
  await page.type("#credentials", "a.b.c");
  await page.after(() =>
    page?.root.querySelector("form")?.dispatchEvent(new Event("submit", { cancelable: true })),
  );
  expect(page.admission.tried).toEqual([{ given: { token: "a.b.c" }, here: null }]);
});

test("Who is known sees their items though the token is refused", async () => {
  page = await openPage({
    items: [aNotification({ title: "Mine" })],
    connection: { state: "refused", code: "token", message: "" },
  });
  expect(page.titles()).toEqual(["Mine"]);
  await page.click(page.button("Sign in again"));
  expect(page.text()).toContain("Sign in to Tongbu");
  await page.click(page.button("Cancel"));
  expect(page.titles()).toEqual(["Mine"]);
});

test("Credentials in the address are taken, and gone from it at once", () => {
  window.history.replaceState(null, "", "/tasks#token=a.b.c");
  expect(takeCredentials()).toEqual({ token: "a.b.c" });
  expect(window.location.href).toBe("http://127.0.0.1/tasks");
});

test("Places are reached by links and keys, and the browser's back leads back", async () => {
  page = await openPage({ items: [aNotification({ archived: true, title: "Put away" })] });
  await page.click(page.root.querySelector(".navigation a[href='/archived']") as HTMLElement);
  expect(page.titles()).toEqual(["Put away"]);
  await page.press("g");
  await page.press("t");
  expect(window.location.pathname).toBe("/tasks");
  expect(page.root.querySelector("[aria-current=page]")?.textContent).toContain("Tasks");
  await page.press("?");
  expect(page.root.querySelector("dialog")?.textContent).toContain("Keyboard");
});

test("The page speaks Chinese when told to, and remembers it", async () => {
  page = await openPage({ items: [aNotification()] });
  await page.click(page.button("中文"));
  expect(page.text()).toContain("收件箱");
  expect(document.documentElement.lang).toMatch(/^zh/);
  expect(localStorage.getItem("tongbu.language")).toBe("zh");
});

test("An inbox with nothing left says that all is done; one that never held anything says how to begin", async () => {
  page = await openPage({ items: [aNotification({ id: "a" })] });
  await page.after(() => page?.hub.ledger.mark("a", { archived: true }));
  expect(page.text()).toContain("All done");
  page.close();
  page = await openPage();
  expect(page.text()).toContain('hub send "It works" --to ann');
  await page.click(page.root.querySelector(".welcome-steps li:last-child button") as HTMLElement);
  expect(page.root.querySelector("dialog")?.getAttribute("aria-label")).toBe("New task");
});

test("An inbox that was never fetched says what it waits for", async () => {
  page = await openPage();
  await page.after(() => page?.hub.ledger.inSync.set(false));
  expect(page.text()).toContain("Fetching your items");
  await page.after(() => page?.hub.becomes({ state: "waiting", retryAt: NOW, reason: "" }));
  expect(page.text()).toContain("The hub can't be reached");
});

test("The minute is told at each full minute, and no timer runs while nobody listens", () => {
  vi.useFakeTimers({ now: NOW + 30_000 });
  const told: number[] = [];
  const stop = minutes(Date.now).subscribe((now) => told.push(now));
  vi.advanceTimersByTime(90_100);
  expect(told.map((now) => Math.floor(now / 60_000))).toEqual([NOW / 60_000 + 1, NOW / 60_000 + 2]);
  stop();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

test("Credentials are taken from an address that begins like another host's", () => {
  window.history.replaceState(null, "", "http://127.0.0.1//evil.example/?a#code=ABCD");
  expect(takeCredentials()).toEqual({ linkCode: "ABCD" });
  expect(window.location.href).toBe("http://127.0.0.1//evil.example/?a");
});

test("An item that can't be drawn leaves the page standing, with a way back, and the next one is shown", async () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  const broken = { ...aNotification({ id: "a", title: "Broken" }), sent: null as never };
  page = await openPage({ path: "/item/a", items: [broken, aNotification({ id: "b", title: "Whole" })] });
  expect(page.text()).toContain("This item can't be shown.");
  expect(page.titles()).toContain("Whole");
  await page.click(page.row("b").querySelector("a") as HTMLElement);
  expect(page.root.querySelector("#detail-title")?.textContent).toBe("Whole");
  await page.click(page.row("a").querySelector("a") as HTMLElement);
  await page.click(page.button("Back to the list"));
  expect(window.location.pathname).toBe("/");
  expect(page.text()).not.toContain("This item can't be shown.");
});

test("What can't be said is told in words, by hand or by the page itself, and everything stays", async () => {
  page = await openPage({ items: [aNotification({ id: "a", title: "Mine" }), aTask({ id: "t" })] });
  const full = () => {
    throw new TongbuError("outbox_full", "Too much waits.");
  };
  for (const deed of ["mark", "edit", "create", "readAll"] as const) page.hub.ledger[deed] = full;
  const toast = () => page?.root.querySelector(".toast.is-problem")?.textContent;
  const words = "Too much waits for the hub already. Try again once it is back. (Too much waits.)";
  await page.click(page.row("a").querySelector("a") as HTMLElement);
  expect(toast()).toContain(words);
  await page.click(page.button("Close"));
  await page.press("e");
  expect(toast()).toContain(words);
  expect(page.titles()).toContain("Mine");
  await page.press("c");
  await page.type("#new-task-title", "Another");
  await page.after(() => page?.root.querySelector("dialog form")?.dispatchEvent(new Event("submit")));
  expect(page.root.querySelector("dialog")).not.toBeNull();
  expect(toast()).toContain(words);
});
