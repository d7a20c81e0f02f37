import { afterEach, expect, test } from "vitest";
import { type OpenedPage, openPage } from "../kit/page.tsx";

let page: OpenedPage;

afterEach(() => page.close());

const dialog = () => page.root.querySelector("dialog");
const tell = (to: HTMLDialogElement, name: string) =>
  page.after(() => void to.dispatchEvent(new Event(name)));

test("A key pressed right after Escape is heard: a dialog is gone before the browser tells that it closed", async () => {
  page = await openPage({});
  await page.press("?");
  const help = dialog() as HTMLDialogElement;
  await tell(help, "cancel");
  expect(dialog()).toBeNull();
  await page.press("c");
  const newTask = dialog();
  expect(newTask).not.toBeNull();
  await tell(help, "close");
  expect(dialog()).toBe(newTask);
});
