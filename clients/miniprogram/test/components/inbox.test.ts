// @vitest-environment happy-dom
import { expect, inject, it, onTestFinished, vi } from "vitest";
import { FakeHub } from "../../../web/test/kit/fake-hub.ts";
import { aNotification, aTask, NOW } from "../../../web/test/kit/items.ts";
import { aDevice, dispatch, draw, type Screen, settled } from "../kit/screen.ts";

const folder = inject("program");

function inbox(hub: FakeHub | null, language = "en"): Screen {
  return draw(folder, "pages/inbox/inbox", { device: aDevice(hub, language) });
}

it("shows what came by day, with its level, dot and time", () => {
  const items = [
    aNotification({ id: "n1", title: "Disk full", level: "error", source: "nas" }),
    aNotification({
      id: "n2",
      title: "Hello",
      read: true,
      seen: true,
      at: NOW - 86_400_000,
      order: NOW - 86_400_000,
    }),
  ];
  const screen = inbox(new FakeHub({ items }));
  expect(screen.all("heading").map((each) => each.textContent)).toEqual(["Today", "Yesterday"]);
  expect(screen.all("title").map((each) => each.textContent)).toEqual(["Disk full", "Hello"]);
  expect(screen.all("is-unread")).toHaveLength(1);
  expect(screen.text()).toContain("Error");
  expect(screen.text()).toContain("nas");
});

it("marks, archives and snoozes by the buttons under a swipe, and takes each back", async () => {
  const hub = new FakeHub({ items: [aNotification({ id: "n1" })] });
  const screen = inbox(hub);
  const item = () => hub.ledger.get("n1");
  await swipe(screen);
  await screen.tap("deed", 0);
  expect(item()?.read).toBe(true);
  await screen.tap("toast-act");
  expect(item()?.read).toBe(false);
  await swipe(screen);
  await screen.tap("deed", 2);
  expect(item()?.archived).toBe(true);
  expect(screen.all("title")).toHaveLength(0);
  await screen.tap("toast-act");
  expect(item()?.archived).toBe(false);
  screen.phone.chosen = 0;
  await swipe(screen);
  await screen.tap("deed", 1);
  expect(item()?.snoozed).toBeGreaterThan(NOW);
  await screen.tap("toast-act");
  expect(item()?.snoozed).toBeNull();
});

it("offers everything to who can't swipe", async () => {
  const hub = new FakeHub({ items: [aNotification({ id: "n1" })] });
  const screen = inbox(hub);
  screen.phone.chosen = 3;
  await screen.tap("more");
  expect(screen.phone.sheets[0]).toEqual(["Mark as read", "Archive", "Snooze", "Pin", "Delete"]);
  expect(hub.ledger.get("n1")?.pinned).toBe(true);
  expect(screen.all("heading")[0]?.textContent).toBe("Pinned");
});

it("reads all once that was confirmed, and takes it back", async () => {
  const hub = new FakeHub({ items: [aNotification({ id: "n1" }), aNotification({ id: "n2" })] });
  const screen = inbox(hub);
  screen.phone.confirms = false;
  await screen.tap("all");
  expect(hub.ledger.counts.get().unread).toBe(2);
  screen.phone.confirms = true;
  await screen.tap("all");
  expect(hub.ledger.counts.get().unread).toBe(0);
  expect(screen.all("is-unread")).toHaveLength(0);
  await screen.tap("toast-act");
  expect(hub.ledger.counts.get().unread).toBe(2);
});

it("tells the drawing side only what changed", async () => {
  const items = [aNotification({ id: "n1" }), aTask({ id: "t1" }, { progress: 0.25 })];
  const hub = new FakeHub({ items });
  const screen = inbox(hub);
  screen.patches.length = 0;
  hub.ledger.mark("n1", { read: true });
  await settled();
  const paths = screen.patches.flatMap((patch) => Object.keys(patch));
  expect([...new Set(paths)].sort()).toEqual([
    "rows[1].unread",
    "rows[1].unreadName",
    "rows[1].unsaved",
    "unread",
  ]);
});

it("draws a few of 10,000 items, wherever one looks, and a change costs what it touches", async () => {
  const items = Array.from({ length: 10_000 }, (_, place) =>
    aNotification({
      id: `m${place}`,
      title: `Message ${place}`,
      at: NOW - place * 60_000,
      order: NOW - place * 60_000,
    }),
  );
  const hub = new FakeHub({ items });
  const screen = inbox(hub);
  expect(screen.all("title").length).toBeLessThan(40);
  const { below } = screen.data as { below: number };
  screen.patches.length = 0;
  screen.instance.scrolled({ detail: { scrollTop: 300 } });
  expect(screen.patches).toEqual([]);
  const middle = below / 2;
  screen.instance.scrolled({ detail: { scrollTop: middle } });
  expect(screen.all("title").length).toBeLessThan(60);
  const { above } = screen.data as { above: number };
  expect(above).toBeGreaterThan(middle - 1_200);
  expect(above).toBeLessThan(middle);
  screen.patches.length = 0;
  hub.ledger.mark("m9999", { read: true });
  await settled();
  expect(JSON.stringify(screen.patches)).toBe('[{"unread":9999}]');
});

it("counts as seen what stayed before somebody's eyes, and nothing while the page is hidden", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const hub = new FakeHub({ items: [aNotification({ id: "n1" })] });
  const screen = inbox(hub);
  screen.pageLifeTime("hide");
  hub.ledger.mark("n1", { pinned: true });
  await settled();
  vi.advanceTimersByTime(5_000);
  expect(hub.ledger.get("n1")?.seen).toBe(false);
  screen.pageLifeTime("show");
  vi.advanceTimersByTime(5_000);
  expect(hub.ledger.get("n1")?.seen).toBe(true);
});

it("opens a task's page and a notification's", async () => {
  const screen = inbox(new FakeHub({ items: [aNotification({ id: "n1" }), aTask({ id: "t1" })] }));
  await screen.tap("face", 0);
  await screen.tap("face", 1);
  expect(screen.phone.visited.sort()).toEqual([
    "/pages/notification/notification?id=n1",
    "/pages/task/task?id=t1",
  ]);
});

it("shows tasks, what is snoozed and the archive on request, and says so where nothing is", async () => {
  const items = [aTask({ id: "t1" }, { progress: 0.5 }), aNotification({ id: "n1", archived: true })];
  const screen = inbox(new FakeHub({ items }));
  await screen.tap("tab", 1);
  expect(screen.all("heading")[0]?.textContent).toBe("Running");
  expect(screen.all("bar-done")[0]?.style.width).toBe("50%");
  await screen.tap("tab", 3);
  expect(screen.all("title")).toHaveLength(1);
  await screen.tap("tab", 2);
  expect(screen.all("blank-title")[0]?.textContent).toBe("Nothing is snoozed");
});

it("speaks the language that WeChat is set to", () => {
  const screen = inbox(new FakeHub({ items: [aNotification({ id: "n1" })] }), "zh_CN");
  expect(screen.all("heading")[0]?.textContent).toBe("今天");
  expect(screen.phone.titles).toEqual(["收件箱"]);
});

it("tells what the hub did not take", async () => {
  const hub = new FakeHub();
  const screen = inbox(hub);
  hub.refuse({ message: "Too many items." });
  await settled();
  expect(screen.all("toast-text")[0]?.textContent).toContain("Too many items.");
});

it("asks who is not signed in to sign in, and shows the inbox once they did", async () => {
  const screen = inbox(null);
  await screen.tap("is-main");
  expect(screen.phone.visited).toEqual(["/pages/sign-in/sign-in"]);
  screen.device.hub.set(new FakeHub({ items: [aNotification({ title: "Welcome" })] }));
  await settled();
  expect(screen.text()).toContain("Welcome");
});

it("says honestly what is kept here only, and since when there is no hub", async () => {
  const hub = new FakeHub({ items: [aNotification({ id: "n1" })] });
  const screen = inbox(hub);
  expect(screen.all("brief")[0]?.textContent).toBe("Saved");
  screen.device.since.set(NOW);
  hub.becomes({ state: "waiting", retryAt: NOW + 60_000, reason: "no route" });
  hub.ledger.mark("n1", { read: true });
  await settled();
  expect(screen.all("brief")[0]?.textContent).toMatch(/^Offline since/);
  expect(screen.all("detail")[0]?.textContent).toContain("1 change will be saved once the hub is back.");
  expect(screen.all("unsaved")).toHaveLength(1);
  await screen.tap("act");
  expect(screen.device.refreshed).toBe(1);
});

async function swipe(screen: Screen): Promise<void> {
  const face = screen.all("face")[0] as HTMLElement;
  dispatch(face, "touchstart", { touches: [{ clientX: 300, clientY: 100 }] });
  dispatch(face, "touchend", { changedTouches: [{ clientX: 100, clientY: 105 }] });
  await settled();
}

it("tells on its tab how many are unread, also what came while another page was before it", async () => {
  const items = Array.from({ length: 101 }, (_, number) => aNotification({ id: `n${number}` }));
  const hub = new FakeHub({ items });
  const screen = inbox(hub);
  expect(screen.phone.badge).toBe("99+");
  for (const { id } of items.slice(2)) hub.ledger.mark(id, { read: true });
  await settled();
  expect(screen.phone.badge).toBe("2");
  screen.phone.hasTabs = false;
  hub.ledger.mark("n0", { read: true });
  await settled();
  expect(screen.phone.badge).toBe("2");
  screen.phone.hasTabs = true;
  screen.pageLifeTime("show");
  expect(screen.phone.badge).toBe("1");
  screen.device.hub.set(null);
  await settled();
  expect(screen.phone.badge).toBe("");
});
