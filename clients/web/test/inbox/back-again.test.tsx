import { afterEach, beforeEach, expect, test } from "vitest";
import { aNotification, aTask, INBOX, NOW } from "../kit/items.ts";
import { type OpenedPage, openPage } from "../kit/page.tsx";

let page: OpenedPage;

beforeEach(() => localStorage.clear());
afterEach(() => page.close());

test("What comes back from snooze stands at the top, says so, and is told by that time", async () => {
  let now = NOW;
  const sleeping = aNotification({
    id: "z",
    title: "Old",
    order: NOW - 9e8,
    at: NOW - 9e8,
    snoozed: NOW + 5,
  });
  page = await openPage({ items: [...INBOX, sleeping], now: () => now });
  expect(page.titles()).not.toContain("Old");
  now = NOW + 10;
  await page.after(() => page.hub.ledger.put({ ...sleeping, snoozed: null }));
  expect(page.titles()[0]).toBe("Old");
  expect(page.row("z").querySelector("[aria-label='Back from snooze']")).not.toBeNull();
  expect(page.row("z").querySelector("time")?.textContent).toBe("now");
  expect(page.row("a").querySelector(".woken-mark")).toBeNull();
});

test("Ended tasks stand under a heading of their own, and the number is that of the open ones", async () => {
  const ended = aTask({ id: "e" }, { status: "failed", finishedAt: NOW });
  page = await openPage({ path: "/tasks", items: [...INBOX, ended] });
  expect(page.root.querySelector(".list-size")?.textContent).toBe("1");
  const heads = [...page.root.querySelectorAll(".group-head")].map((head) => head.textContent);
  expect(heads).toEqual(["Running1", "Ended1"]);
});

test("Where nothing is unread, marking all read says so; one unread task is enough to ask", async () => {
  page = await openPage({ items: [aTask({ id: "t" })] });
  await page.click(page.button("Mark all read"));
  expect(page.root.querySelector("dialog")?.textContent).toContain("1 item becomes read");
  await page.click(page.root.querySelector(".dialog .button-primary") as HTMLElement);
  expect(page.hub.ledger.get("t")?.read).toBe(true);
  await page.click(page.button("Mark all read"));
  expect(page.root.querySelector("dialog")).toBeNull();
  expect(page.text()).toContain("Nothing is unread");
});

test("What undoing brings back is selected", async () => {
  page = await openPage({ items: INBOX });
  await page.press("j");
  await page.press("e");
  expect(page.row("b").classList.contains("is-current")).toBe(true);
  await page.press("z");
  expect(page.row("a").classList.contains("is-current")).toBe(true);
  expect(page.row("a").contains(document.activeElement)).toBe(true);
});
