import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { aNotification, NOW } from "../kit/items.ts";
import { type OpenedPage, openPage } from "../kit/page.tsx";

let page: OpenedPage;

beforeEach(() => localStorage.clear());
afterEach(() => {
  page.close();
  vi.useRealTimers();
});

const dialog = () => page.root.querySelector("dialog")?.textContent;
const waiting = { state: "waiting" as const, retryAt: NOW + 4000, reason: "connection lost" };

test("The connection's dialog counts down to the next try, says when it is under way, and offers to try now", async () => {
  vi.useFakeTimers();
  let now = NOW;
  page = await openPage({ items: [aNotification()], now: () => now });
  await page.after(() => page.hub.becomes(waiting));
  await page.click(page.root.querySelector(".saved-chip") as HTMLElement);
  expect(dialog()).toContain("The hub can't be reached now. Next try in 4 s.");
  expect(dialog()).not.toContain("connection lost");
  now += 1000;
  await page.after(() => vi.advanceTimersByTime(1000));
  expect(dialog()).toContain("Next try in 3 s.");
  await page.after(() => page.hub.becomes({ state: "connecting" }));
  expect(dialog()).toContain("Trying now…");
  await page.click(page.root.querySelector("dialog .button-primary") as HTMLElement);
  expect(page.hub.woken).toBe(1);
});

test("In Chinese the connection's dialog holds no sentence of the hub", async () => {
  page = await openPage({ language: "zh", now: () => NOW });
  await page.after(() => page.hub.becomes({ ...waiting, reason: "going_away" }));
  await page.click(page.root.querySelector(".saved-chip") as HTMLElement);
  expect(dialog()).toContain("服务器正在重启。4 秒后重试。");
});

test.each(["/", "/devices", "/settings"])(
  "A revoked device is told so by a bar at once: %s",
  async (path) => {
    page = await openPage({ path });
    const refused = { state: "refused" as const, code: "forbidden", message: "This device was revoked" };
    await page.after(() => page.hub.becomes(refused));
    const sentence = "The hub lets this device in no more: it was revoked. Link it anew.";
    expect(page.root.querySelector(".offline-bar p")?.textContent).toBe(sentence);
    expect(page.button(/^Sign in again: /).getAttribute("aria-label")).toBe(`Sign in again: ${sentence}`);
    expect(page.root.querySelector(".offline-bar button")?.textContent).toBe("Sign in again");
  },
);
