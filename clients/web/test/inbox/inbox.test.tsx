import type { Item } from "@tongbu/client";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { someDevices } from "../kit/fake-devices.ts";
import { aNotification, INBOX, NOW } from "../kit/items.ts";
import { type OpenedPage, openPage } from "../kit/page.tsx";

const MINUTE = 60_000;
let page: OpenedPage;

beforeEach(() => localStorage.clear());
afterEach(() => page.close());

test("The newest come first, each with its level or status as a word", async () => {
  page = await openPage({ items: INBOX });
  expect(page.titles()).toEqual(["Disk full", "Release is live", "Backup"]);
  expect(page.row("a").querySelector("[aria-label=Critical]")).not.toBeNull();
  expect(page.row("t").textContent).toContain("Running");
  expect(page.row("t").textContent).toContain("Attempt 2");
  expect(page.row("t").querySelector("[role=progressbar]")?.getAttribute("aria-valuenow")).toBe("40");
  expect(page.root.querySelector(".group-head")?.textContent).toContain("Today");
});

test("What another device does is seen at once, and the window's title counts what is unread", async () => {
  page = await openPage({ items: INBOX });
  expect(document.title).toBe("(2) Inbox · Tongbu");
  await page.after(() => page.hub.ledger.put({ ...(INBOX[0] as Item), read: true }));
  expect(page.row("a").classList.contains("is-unread")).toBe(false);
  expect(document.title).toBe("(1) Inbox · Tongbu");
  await page.after(() => page.hub.ledger.put(aNotification({ title: "Fresh", order: NOW, at: NOW })));
  expect(page.titles()[0]).toBe("Fresh");
});

test("An update reads only the item that changed, however many there are", async () => {
  const many = Array.from({ length: 5000 }, (_, index) =>
    aNotification({ id: `m${index}`, order: NOW - index * MINUTE }),
  );
  page = await openPage({ items: many });
  expect(page.root.querySelectorAll(".row").length).toBeLessThan(40);
  page.hub.ledger.reads = 0;
  await page.after(() => page.hub.ledger.put({ ...(many[3] as Item), title: "Changed" }));
  expect(page.titles()).toContain("Changed");
  expect(page.hub.ledger.reads).toBeLessThanOrEqual(2);
});

test("Archiving takes the item away; undo, by the toast or z, brings it back", async () => {
  page = await openPage({ items: INBOX });
  await page.press("j");
  await page.press("e");
  expect(page.titles()).toEqual(["Release is live", "Backup"]);
  expect(page.root.querySelector(".toast")?.textContent).toContain("Archived");
  await page.click(page.button("Undo"));
  expect(page.titles()).toContain("Disk full");
  await page.press("e");
  await page.press("z", { ctrlKey: true });
  expect(page.titles()).toHaveLength(3);
  expect(page.hub.ledger.stated.map(({ marks }) => marks)).toContainEqual({ archived: false });
});

test("j and k move the focus, and after archiving the next row has it", async () => {
  page = await openPage({ items: INBOX });
  await page.press("j");
  await page.press("j");
  expect(page.row("b").contains(document.activeElement)).toBe(true);
  await page.press("k");
  expect(page.row("a").contains(document.activeElement)).toBe(true);
  await page.press("e");
  expect(page.row("b").contains(document.activeElement)).toBe(true);
});

test("r, p and # mark, pin and delete, and each can be undone", async () => {
  page = await openPage({ items: INBOX });
  await page.press("j");
  await page.press("r");
  expect(page.hub.ledger.get("a")?.read).toBe(true);
  await page.press("p");
  expect(page.hub.ledger.get("a")?.pinned).toBe(true);
  expect(page.root.querySelector(".group-head")?.textContent).toContain("Pinned");
  await page.press("#");
  expect(page.titles()).toEqual(["Release is live", "Backup"]);
  for (let times = 0; times < 3; times++) await page.press("z");
  expect(page.hub.ledger.get("a")).toMatchObject({ read: false, pinned: false, deleted: false });
});

test("Snoozing offers times; what is snoozed leaves the inbox and waits in its own list", async () => {
  page = await openPage({ items: INBOX });
  await page.press("j");
  await page.press("s");
  await page.click(page.button(/^Tomorrow morning/));
  expect(page.titles()).not.toContain("Disk full");
  expect(new Date(page.hub.ledger.get("a")?.snoozed ?? 0).getHours()).toBe(8);
  await page.press("g");
  await page.press("s");
  expect(page.titles()).toEqual(["Disk full"]);
  expect(window.location.pathname).toBe("/snoozed");
});

test("Opening an item shows all of it, marks it read, and back leads to the list", async () => {
  const body = "First line\nsee https://wiki.example/x.";
  page = await openPage({
    items: [
      aNotification({ id: "a", title: "Disk full", body, link: "javascript:alert(1)", data: { host: "db" } }),
    ],
  });
  await page.click(page.row("a").querySelector("a") as HTMLElement);
  expect(window.location.pathname).toBe("/item/a");
  expect(page.hub.ledger.get("a")?.read).toBe(true);
  const detail = page.root.querySelector(".detail") as HTMLElement;
  expect(detail.querySelector(".body-text")?.textContent).toBe(body);
  const links = [...detail.querySelectorAll("a")];
  expect(links.map((link) => [link.getAttribute("href"), link.rel])).toEqual([
    ["https://wiki.example/x", "noopener noreferrer"],
  ]);
  await page.press("Escape");
  expect(window.location.pathname).toBe("/");
});

test("What an item says is text, whatever it looks like", async () => {
  const evil = "<img src=x onerror=alert(1)><b>bold</b>";
  page = await openPage({
    items: [
      aNotification({ id: "a", title: evil, body: evil, source: evil, tags: [evil], data: { [evil]: evil } }),
    ],
    path: "/item/a",
  });
  expect(page.root.querySelector("img, b")).toBeNull();
  expect(page.root.querySelector(".detail h1")?.textContent).toBe(evil);
});

test("Marking an open item unread keeps it unread", async () => {
  page = await openPage({ items: INBOX, path: "/item/a" });
  expect(page.hub.ledger.get("a")?.read).toBe(true);
  await page.press("r");
  expect(page.hub.ledger.get("a")?.read).toBe(false);
  await page.after(() => page.hub.ledger.put({ ...(page.hub.ledger.get("a") as Item), tags: ["x"] }));
  expect(page.hub.ledger.get("a")?.read).toBe(false);
});

test("An unread item that is open stays in the list of unread ones until another is opened", async () => {
  page = await openPage({ items: INBOX });
  await page.click(page.button("Unread"));
  await page.click(page.row("a").querySelector("a") as HTMLElement);
  expect(page.titles()).toContain("Disk full");
  await page.click(page.row("b").querySelector("a") as HTMLElement);
  expect(page.titles()).not.toContain("Disk full");
});

test("Receipts tell each channel's time and end", async () => {
  const sent = { wechat: { state: "sent", at: NOW }, mail: { state: "dead", at: NOW } };
  page = await openPage({ items: [aNotification({ id: "a", sent })], path: "/item/a" });
  const [first, second] = [...page.root.querySelectorAll(".receipt")].map((line) => line.textContent);
  expect(first).toContain("WeChat · 14:30");
  expect(second).toContain("not delivered");
});

test("Searching narrows the list, says when nothing is found, and can be cleared", async () => {
  page = await openPage({ items: INBOX });
  await page.type("#search", "green");
  expect(page.titles()).toEqual(["Release is live"]);
  await page.type("#search", "nowhere");
  expect(page.text()).toContain("Nothing in this list holds “nowhere”.");
  await page.click(page.root.querySelector(".empty .button") as HTMLElement);
  expect(page.titles()).toHaveLength(3);
});

test("What a search does not find in this list it says of the others, and the filter only where there is one", async () => {
  page = await openPage({ items: [...INBOX, aNotification({ id: "z", title: "Zebra", archived: true })] });
  await page.type("#search", "zebra");
  expect(page.root.querySelector(".empty")?.textContent).not.toContain("filter");
  await page.click(page.button("Archive: 1"));
  expect(page.titles()).toEqual(["Zebra"]);
  await page.click(page.button("Pinned"));
  expect(page.text()).toContain("No item that fits the filter holds “zebra”.");
  await page.click(page.button("Show everything"));
  expect(page.text()).not.toContain("Nothing found");
});

test("A search that finds nothing shows not even what is open", async () => {
  page = await openPage({ items: INBOX, path: "/item/a" });
  await page.type("#search", "nowhere");
  expect(page.titles()).toEqual([]);
});

test("Escape empties the search, then leaves it; Enter goes to what was found", async () => {
  page = await openPage({ items: INBOX });
  await page.press("/");
  const field = document.activeElement as HTMLInputElement;
  expect(field.id).toBe("search");
  await page.type("#search", "green");
  await page.press("Escape");
  expect([field.value, document.activeElement]).toEqual(["", field]);
  expect(page.titles()).toHaveLength(3);
  await page.press("Escape");
  expect(document.activeElement).toBe(document.body);
  await page.press("/");
  await page.type("#search", "green");
  await page.press("Enter");
  expect(document.activeElement?.textContent).toContain("Release is live");
  await page.press("Escape");
  expect(field.value).toBe("");
});

test("An item tells who made it by name, not by an id", async () => {
  const by = (id: string, name: string) => aNotification({ id, by: name });
  const made = [by("own", "device-1"), by("phone", "device-2"), by("lost", "nfhxj3"), by("mine", "ann.api")];
  const devices = someDevices(() => NOW);
  page = await openPage({
    items: [...made, by("ci", "ci.api"), by("hub", "hub"), by("we", "wecom:mei")],
    path: "/item/own",
    answer: devices.answer,
  });
  const author = async (id: string) => {
    await page.click(page.row(id).querySelector("a") as HTMLElement);
    await page.after(() => {});
    return page.root.querySelector(".detail .facts dd")?.textContent;
  };
  expect(await author("own")).toBe("This device");
  expect(page.hub.requests).toEqual([]);
  expect(await author("phone")).toBe("Safari · iPhone");
  expect(await author("lost")).toBe("Another device");
  expect(await author("mine")).toBe("A program of yours");
  expect(await author("ci")).toBe("ci (program)");
  expect(await author("hub")).toBe("The hub");
  expect(await author("we")).toBe("mei (WeCom)");
  expect(page.hub.requests).toHaveLength(1);
});

test("The filter's menu narrows by level and source, and tells so", async () => {
  page = await openPage({ items: INBOX });
  await page.click(page.button("Filter"));
  await page.click(page.button("Critical"));
  expect(page.titles()).toEqual(["Disk full"]);
  await page.click(page.root.querySelector(".chip") as HTMLElement);
  expect(page.titles()).toHaveLength(3);
});

test("Marking all read is one statement, and one for each unread task; undoing it states those that were unread, one by one", async () => {
  page = await openPage({ items: INBOX });
  await page.click(page.button("Mark all read"));
  expect(page.text()).toContain("They stay seen");
  await page.click(page.root.querySelector(".dialog .button-primary") as HTMLElement);
  expect(page.hub.ledger.readAlls).toBe(1);
  expect(page.hub.ledger.counts.get().unread).toBe(0);
  expect(page.hub.ledger.stated).toEqual([{ id: "t", marks: { read: true } }]);
  page.hub.ledger.stated.length = 0;
  await page.press("z");
  expect(page.hub.ledger.stated).toEqual([
    { id: "a", marks: { read: false } },
    { id: "b", marks: { read: false } },
    { id: "t", marks: { read: false } },
  ]);
});

test("A running task is paused from the row's menu; its end is asked for once more", async () => {
  page = await openPage({ items: INBOX, path: "/tasks" });
  const open = () => page.click(page.row("t").querySelector("[aria-label='More actions']") as HTMLElement);
  await open();
  await page.click(page.button("Pause"));
  expect(page.hub.ledger.get("t")?.task?.status).toBe("paused");
  await open();
  await page.click(page.button("Cancel task"));
  expect(page.hub.ledger.get("t")?.task?.status).toBe("paused");
  await page.click(page.root.querySelector(".dialog .button-danger") as HTMLElement);
  expect(page.hub.ledger.get("t")?.task?.status).toBe("canceled");
});

test("A to-do made by hand is there at once, and open", async () => {
  page = await openPage({ items: INBOX });
  await page.press("n");
  await page.type("#new-task-title", " Buy milk ");
  const form = page.root.querySelector("form");
  await page.after(() => form?.dispatchEvent(new Event("submit", { cancelable: true })));
  expect(page.root.querySelector(".detail h1")?.textContent).toBe("Buy milk");
  expect(page.titles()).toContain("Buy milk");
});

test("Only rows that stay before the eyes are stated seen", async () => {
  vi.useFakeTimers();
  vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(200);
  const many = Array.from({ length: 50 }, (_, index) =>
    aNotification({ id: `m${index}`, order: NOW - index * MINUTE }),
  );
  page = await openPage({ items: many });
  expect(page.hub.ledger.stated).toEqual([]);
  await page.after(() => vi.advanceTimersByTime(2000));
  const stated = page.hub.ledger.stated.map(({ id }) => id);
  expect(stated).toContain("m0");
  expect(stated.length).toBeLessThan(8);
  vi.restoreAllMocks();
  vi.useRealTimers();
});

test("Nothing is seen in a pane that is not shown", async () => {
  vi.useFakeTimers();
  page = await openPage({ items: INBOX });
  await page.after(() => vi.advanceTimersByTime(5000));
  expect(page.hub.ledger.stated).toEqual([]);
  vi.useRealTimers();
});

test("The archive goes on with what only the hub keeps, page by page", async () => {
  const past = (id: string) => ({
    id,
    kind: "notification",
    title: `Old ${id}`,
    at: 1,
    order: 1,
    archived: true,
    sent: {},
  });
  const pages = [
    { items: [past("a"), past("a")], next: "h2" },
    { items: [past("x")], next: "h1" },
    { items: [past("y")], next: null },
  ];
  page = await openPage({
    items: INBOX,
    path: "/archived",
    answer: () => ({ status: 200, body: pages.shift() ?? null }),
  });
  await page.click(page.button("Look further back"));
  expect(page.titles()).toEqual(["Old x"]);
  expect(page.hub.requests.map(({ path }) => path)).toEqual([
    "/v1/users/me/items?history=only&limit=100",
    "/v1/users/me/items?history=only&limit=100&cursor=h2",
  ]);
  await page.click(page.button("Look further back"));
  expect(page.titles()).toEqual(["Old x", "Old y"]);
  expect(page.text()).toContain("That is all there is.");
});

test("An item that only the hub has is fetched when its address is opened; one that nobody has is told", async () => {
  const answer = (_: string, path: string) =>
    path.endsWith("/old")
      ? { status: 200, body: { id: "old", kind: "notification", title: "From long ago" } }
      : { status: 404, body: null };
  page = await openPage({ items: INBOX, path: "/item/old", answer });
  expect(page.root.querySelector(".detail h1")?.textContent).toBe("From long ago");
  page.close();
  page = await openPage({ items: INBOX, path: "/item/none", answer });
  expect(page.text()).toContain("This item is not here");
});

test("A finger to the left archives, to the right reads, opens nothing, and does nothing where it turns back", async () => {
  page = await openPage({ items: [aNotification({ id: "a" }), aNotification({ id: "b" })] });
  const drag = (id: string, way: readonly (readonly [x: number, y: number])[]) =>
    page.after(() => {
      const link = page.row(id).querySelector("a") as HTMLElement;
      Object.defineProperty(page.row(id), "offsetWidth", { value: 390, configurable: true });
      const tell = (kind: string, [x, y]: readonly [number, number]) =>
        link.dispatchEvent(
          new PointerEvent(kind, {
            bubbles: true,
            cancelable: true,
            pointerType: "touch",
            pointerId: 1,
            isPrimary: true,
            clientX: 200 + x,
            clientY: 100 + y,
          }),
        );
      tell("pointerdown", [0, 0]);
      for (const step of way) tell("pointermove", step);
      tell("pointerup", way.at(-1) ?? [0, 0]);
      link.click();
    });
  await drag("a", [
    [40, 2],
    [160, 4],
  ]);
  expect(page.hub.ledger.get("a")?.read).toBe(true);
  expect(window.location.pathname).toBe("/");
  await drag("a", [
    [-150, 0],
    [-20, 0],
  ]);
  expect(page.titles()).toHaveLength(2);
  await drag("b", [
    [2, 40],
    [-200, 60],
  ]);
  expect(page.hub.ledger.get("b")?.archived).toBe(false);
  await drag("a", [[-160, 8]]);
  expect(page.hub.ledger.get("a")?.archived).toBe(true);
  expect(page.text()).toContain("Archived");
});
