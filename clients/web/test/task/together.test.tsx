import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Map as YMap } from "yjs";
import { addEntry, checklistOf, entriesOf, notesOf, textOf } from "../../src/task/shared/checklist.ts";
import { aTask } from "../kit/items.ts";
import { type OpenedPage, openPage } from "../kit/page.tsx";

const NAME = "inbox/ann/t";
let page: OpenedPage;

beforeEach(() => localStorage.clear());
afterEach(() => page.close());

async function openTask(): Promise<void> {
  page = await openPage({ path: "/item/t", items: [aTask({ id: "t" })] });
  await vi.waitFor(() => expect(page.root.querySelector(".notes-field")).not.toBeNull());
}

const notes = () => page.root.querySelector(".notes-field") as HTMLTextAreaElement;
const elsewhere = () => page.documents.elsewhere(NAME);
const steps = () => entriesOf(checklistOf(elsewhere())).map(textOf);
const fields = () =>
  [...page.root.querySelectorAll<HTMLTextAreaElement>(".entry-text")].map(({ value }) => value);

async function add(text: string): Promise<void> {
  await page.type(".entry-new", text);
  (page.root.querySelector(".entry-new") as HTMLElement).focus();
  await page.press("Enter");
}

test("What is written here is there, and the other way round", async () => {
  await openTask();
  await page.type(".notes-field", "Mine");
  expect(notesOf(elsewhere()).toString()).toBe("Mine");
  await page.after(() => notesOf(elsewhere()).insert(4, ", theirs"));
  expect(notes().value).toBe("Mine, theirs");
  await page.click(page.button("Undo in notes and checklist"));
  expect(notes().value).toBe(", theirs");
});

test("Steps are added, ticked, moved by the keyboard and deleted; each can be undone", async () => {
  await openTask();
  for (const text of ["one", "two", "three"]) await add(text);
  expect(steps()).toEqual(["one", "two", "three"]);
  await page.click(page.root.querySelector("input[aria-label=two]") as HTMLElement);
  expect(page.text()).toContain("1 of 3 done");
  page.button("Move: three").focus();
  await page.press("ArrowUp");
  expect(steps()).toEqual(["one", "three", "two"]);
  expect(document.activeElement?.getAttribute("aria-label")).toBe("Move: three");
  await page.click(page.button("Delete: one"));
  expect(fields()).toEqual(["three", "two"]);
  (page.root.querySelector(".entry-text") as HTMLElement).focus();
  await page.press("z", { ctrlKey: true });
  expect(fields()).toEqual(["one", "three", "two"]);
  await page.press("z", { ctrlKey: true, shiftKey: true });
  expect(fields()).toEqual(["three", "two"]);
});

test("Enter in a step goes on below it; Backspace in an empty one deletes it", async () => {
  await openTask();
  await add("one");
  await add("two");
  (page.root.querySelector(".entry-text") as HTMLElement).focus();
  await page.press("Enter");
  expect(fields()).toEqual(["one", "", "two"]);
  expect(document.activeElement?.getAttribute("aria-label")).toBe("Step 2");
  await page.press("Backspace");
  expect(fields()).toEqual(["one", "two"]);
});

test("Others who have the task open are named", async () => {
  await openTask();
  const { awareness } = page.documents.opened(NAME);
  expect(awareness.getLocalState()).toMatchObject({ user: { device: "device-1" } });
  await page.after(() => {
    awareness.states.set(7, { user: { name: "Safari · iPhone", device: "d2" } });
    awareness.emit("change", [{ added: [7], updated: [], removed: [] }, "test"]);
  });
  expect(page.root.querySelector("[aria-label='Also here']")?.textContent).toBe("Safari · iPhone");
});

test("After the hub replaced the history the fields show the new one", async () => {
  await openTask();
  await page.type(".notes-field", "old");
  await page.after(() => page.documents.opened(NAME).reset());
  expect(notes().value).toBe("");
  await page.after(() => notesOf(page.documents.opened(NAME).doc).insert(0, "new"));
  expect(notes().value).toBe("new");
});

test("Who may only read sees it and can't write; the document is closed with the page", async () => {
  await openTask();
  addEntry(checklistOf(elsewhere()), 0, "one");
  await page.after(() => page.documents.opened(NAME).access.set("read"));
  expect(notes().readOnly).toBe(true);
  expect(page.root.querySelector(".entry-new, .entry-delete")).toBeNull();
  await page.press("Escape");
  await page.press("Escape");
  expect(page.documents.closed).toBe(1);
});

test("Notes and a checklist of another shape are drawn as far as they are notes and a checklist", async () => {
  page = await openPage({ path: "/item/t", items: [aTask({ id: "t" })] });
  elsewhere().getMap("checklist").set("text", "a map");
  elsewhere()
    .getArray("notes")
    .push([{ toString: 1 }, new YMap()]);
  await vi.waitFor(() => expect(page.root.querySelector(".notes-field")).not.toBeNull());
  await page.after(() => {});
  expect(notes().value).toBe("");
  await add("still works");
  expect(fields()).toEqual(["still works"]);
});
