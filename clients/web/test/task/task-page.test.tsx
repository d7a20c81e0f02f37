import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { priorityName } from "../../src/model/priorities.ts";
import { aTask, NOW } from "../kit/items.ts";
import { type OpenedPage, openPage } from "../kit/page.tsx";

let page: OpenedPage;

beforeEach(() => localStorage.clear());
afterEach(() => {
  page.close();
  vi.useRealTimers();
});

const field = (selector: string) => page.root.querySelector(selector) as HTMLInputElement;
const stated = () =>
  page.hub.ledger.stated.filter(({ marks }) => !("read" in marks)).map(({ marks }) => marks);

async function openTask(
  item: Parameters<typeof aTask>[0],
  state: Parameters<typeof aTask>[1],
): Promise<void> {
  page = await openPage({ path: "/item/t", items: [aTask({ id: "t", ...item }, state)] });
}

test("The title is edited in its place: Enter keeps it, Escape does not", async () => {
  await openTask({ title: "Backup" }, {});
  await page.click(page.button("Edit the title"));
  expect(document.activeElement).toBe(field(".title-field"));
  field(".title-field").value = "  Full\nbackup ";
  await page.press("Enter");
  expect(stated()).toEqual([{ title: "Full backup" }]);
  expect(page.root.querySelector("h1#detail-title")?.textContent).toBe("Full backup");
  await page.click(page.button("Edit the title"));
  field(".title-field").value = "Something else";
  await page.press("Escape");
  expect(stated()).toHaveLength(1);
  expect(page.root.querySelector("h1#detail-title")?.textContent).toBe("Full backup");
});

test("Details are added where there are none, and edited where there are", async () => {
  await openTask({}, {});
  await page.click(page.button("Add details"));
  field(".task-body-editor textarea").value = "All of it\n";
  await page.click(page.button("Save"));
  expect(stated()).toEqual([{ body: "All of it" }]);
  expect(page.root.querySelector(".body-text")?.textContent).toBe("All of it");
  await page.click(page.button("Edit the details"));
  expect(field(".task-body-editor textarea").value).toBe("All of it");
});

test("Date and priority are chosen from menus, told when they are over, and taken back", async () => {
  await openTask({}, { due: NOW - 60_000 });
  expect(page.root.querySelector(".plan .is-overdue")?.textContent).toBe("Due 14:29 · overdue");
  await page.click(page.button(/^Due 14:29/));
  await page.click(page.button(/^Tomorrow/));
  expect(stated()).toEqual([{ due: Date.UTC(2026, 10, 23, 17) }]);
  await page.click(page.button("Due tomorrow 18:00"));
  await page.click(page.button("Pick a time…"));
  expect(field("#picked-time").value).toBe("2026-11-23T18:00");
  await page.type("#picked-time", "2026-11-24T09:00");
  await page.after(() =>
    page.root.querySelector("dialog form")?.dispatchEvent(new Event("submit", { cancelable: true })),
  );
  expect(stated().at(-1)).toEqual({ due: Date.UTC(2026, 10, 24, 8) });
  await page.click(page.button(/^Due Tue/));
  await page.click(page.button("Remove the date"));
  expect(stated().at(-1)).toEqual({ due: null });
  expect(page.button("Add a due date")).toBeDefined();
  await page.click(page.button("Set a priority"));
  await page.click(page.button("Urgent"));
  expect(stated().at(-1)).toEqual({ priority: 8 });
  expect(page.button("Priority: Urgent")).toBeDefined();
});

test("A row tells by when a task is wanted and that it is urgent, until it ended", async () => {
  const due = NOW + 86_400_000;
  const tasks = [
    aTask({ id: "late" }, { status: "queued", due: NOW - 60_000, priority: 8 }),
    aTask({ id: "soon" }, { status: "queued", due }),
    aTask({ id: "done" }, { status: "succeeded", due, priority: 8, finishedAt: NOW }),
  ];
  page = await openPage({ path: "/tasks", items: tasks });
  const line = (id: string) => page.row(id).querySelector(".task-line");
  expect(line("late")?.querySelector(".due.is-overdue")?.textContent).toBe("14:29");
  expect(line("late")?.querySelector("[aria-label='Priority: Urgent']")).not.toBeNull();
  expect(line("soon")?.querySelector(".due:not(.is-overdue)")?.textContent).toBe("tomorrow");
  expect(line("done")?.querySelector(".due, .flag")).toBeNull();
});

test("Progress is told with its note and when it last moved", async () => {
  vi.useFakeTimers();
  let now = NOW;
  const task = aTask({ id: "t" }, { progress: 0.5, note: "page 5", movedAt: NOW - 8000 });
  page = await openPage({ path: "/item/t", items: [task], now: () => now });
  const standing = () => page.root.querySelector(".standing")?.textContent;
  expect(standing()).toContain("updated 8 s ago");
  expect(standing()).toContain("page 5");
  now += 4000;
  await page.after(() => vi.advanceTimersByTime(1000));
  expect(standing()).toContain("updated 12 s ago");
  await page.after(() => page.hub.ledger.task("t").progress(0.75));
  expect(standing()).toContain("updated 0 s ago");
  expect(page.root.querySelector(".standing [role=progressbar]")?.getAttribute("aria-valuenow")).toBe("75");
});

test("Attempts are listed, the latest first, with how the last sealed one ended", async () => {
  const final = { attempt: 2, status: "failed", at: NOW - 60_000, event: "e", hlc: 1 } as const;
  await openTask({}, { attempt: 3, status: "running", final });
  const lines = [...page.root.querySelectorAll(".attempts li")].map((line) => line.textContent);
  expect(lines[0]).toBe("Attempt 3 · Running");
  expect(lines[1]).toBe("Attempt 2 · Failed · 14:29");
  expect(lines[2]).toContain("Attempt 1 · ended");
});

test("What this page saw of earlier attempts' ends it tells, though the hub keeps the latest alone", async () => {
  const end = (attempt: number) =>
    ({ attempt, status: "failed", at: NOW + attempt, event: `e${attempt}`, hlc: attempt }) as const;
  await openTask({}, { attempt: 1, status: "failed", final: end(1), finishedAt: NOW });
  const becomes = (state: Parameters<typeof aTask>[1]) =>
    page.after(() => page.hub.ledger.put(aTask({ id: "t" }, state)));
  await becomes({ attempt: 2, status: "failed", final: end(2), finishedAt: NOW });
  await becomes({ attempt: 3, status: "running", final: end(2) });
  const lines = [...page.root.querySelectorAll(".attempts li")].map((line) => line.textContent);
  expect(lines).toEqual(["Attempt 3 · Running", "Attempt 2 · Failed · 14:30", "Attempt 1 · Failed · 14:30"]);
});

test("Canceling asks; pausing and doing a to-do does not", async () => {
  await openTask({}, { status: "running" });
  await page.click(page.button("Cancel task"));
  expect(page.hub.ledger.get("t")?.task?.status).toBe("running");
  await page.click(page.root.querySelector("dialog .button-danger") as HTMLElement);
  expect(page.hub.ledger.get("t")?.task?.status).toBe("canceled");
  await page.click(page.button("Try again"));
  expect(page.hub.ledger.get("t")?.task?.attempt).toBe(2);
  await page.click(page.button("Mark as done"));
  expect(page.hub.ledger.get("t")?.task?.status).toBe("succeeded");
});

test("A to-do is made by c, with a date, and opened", async () => {
  page = await openPage({ path: "/tasks" });
  await page.press("c");
  await page.type("#new-task-title", "Water the flowers");
  await page.type("#new-task-due", "2026-11-23T09:00");
  await page.after(() =>
    page.root.querySelector("dialog form")?.dispatchEvent(new Event("submit", { cancelable: true })),
  );
  expect(window.location.pathname).toBe("/item/created-1");
  expect(page.hub.ledger.get("created-1")?.task?.due).toBe(Date.UTC(2026, 10, 23, 8));
});

test("Priorities of programs are shown by the name of their range", () => {
  expect([null, 0, 3, 4, 6, 9].map(priorityName)).toEqual(["none", "low", "low", "normal", "high", "urgent"]);
});

test("What ended has no bar, and the last note of its progress is told as that", async () => {
  await openTask({}, { status: "succeeded", progress: 0.4, note: "compiling", finishedAt: NOW });
  expect(page.root.querySelector("[role=progressbar]")).toBeNull();
  expect(page.root.querySelector(".standing-note")?.textContent).toBe("Last note: compiling");
  expect(page.row("t").textContent).not.toContain("compiling");
  page.close();
  await openTask({}, { status: "succeeded", progress: 1, note: "all green", finishedAt: NOW });
  expect(page.root.querySelector(".standing-note")?.textContent).toBe("all green");
  expect(page.row("t").textContent).toContain("all green");
});

test.each([
  [
    "en" as const,
    ["Mark as done", "Reopen"],
    ["Done", "Created"],
    ["Succeeded", "Attempt", "Try again", "Received"],
  ],
  ["zh" as const, ["标为完成", "重新打开"], ["已完成", "创建于"], ["成功", "尝试", "重试", "收到时间"]],
])(
  "A to-do is done and opened anew, in words for people: %s",
  async (language, [done, reopen], words, machine) => {
    const todo = aTask({ id: "t", by: "01J8Z" }, { status: "queued" });
    page = await openPage({ path: "/item/t", items: [todo], language });
    await page.click(page.button(done as string));
    const shown = () => `${page.root.querySelector(".detail")?.textContent} ${page.row("t").textContent}`;
    for (const word of words) expect(shown()).toContain(word);
    for (const word of machine) expect(shown()).not.toContain(word);
    await page.click(page.button(reopen as string));
    expect(page.button(done as string)).toBeDefined();
    for (const word of machine) expect(shown()).not.toContain(word);
  },
);
