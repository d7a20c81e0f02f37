import { describe, expect, it } from "vitest";
import type { Tabs } from "../../src/ports.js";

/** What every `Tabs` promises. `pages` are of one device, in the order in which they came. */
export function tabsContract(name: string, open: (pages: number) => readonly Tabs[]): void {
  describe(`${name} between pages`, () => {
    it("lets one page lead, and the next as soon as that one withdraws", async () => {
      const [first, second, third] = three(open);
      const led: string[] = [];
      const withdraw = await leading(first, () => led.push("first"));
      const [withdrawSecond, secondLeads] = asking(second, () => led.push("second"));
      const [withdrawThird, thirdLeads] = asking(third, () => led.push("third"));
      await turn();
      expect(led).toEqual(["first"]);
      withdraw();
      await secondLeads;
      expect(led).toEqual(["first", "second"]);
      withdrawSecond();
      await thirdLeads;
      expect(led).toEqual(["first", "second", "third"]);
      withdrawThird();
    });

    it("never lets a page lead that withdrew at once", async () => {
      const [first, second] = three(open);
      const led: string[] = [];
      asking(first, () => led.push("first"))[0]();
      const withdraw = await leading(second, () => led.push("second"));
      expect(led).toEqual(["second"]);
      withdraw();
    });

    it("never lets a page lead that withdrew before its turn", async () => {
      const [first, second, third] = three(open);
      const led: string[] = [];
      const withdraw = await leading(first, () => undefined);
      const [withdrawSecond] = asking(second, () => led.push("second"));
      const [withdrawThird, thirdLeads] = asking(third, () => led.push("third"));
      withdrawSecond();
      withdrawSecond();
      withdraw();
      await thirdLeads;
      expect(led).toEqual(["third"]);
      withdrawThird();
    });

    it("lets a page take the lead over by force, and tells who led", async () => {
      const [first, second, third] = three(open);
      const led: string[] = [];
      const lost = new Promise<void>((resolve) => {
        first.lead(() => led.push("first"), resolve, false);
      });
      const [withdrawThird, thirdLeads] = asking(third, () => led.push("third"));
      await turn();
      await turn();
      let withdraw = (): void => undefined;
      await new Promise<void>((resolve) => {
        withdraw = second.lead(resolve, () => led.push("lost"), true);
      });
      await lost;
      expect(led).toEqual(["first"]);
      withdraw();
      await thirdLeads;
      expect(led).toEqual(["first", "third"]);
      withdrawThird();
    });

    it("tells all who ask once a page does not stay any more", async () => {
      const [first, second, third] = three(open);
      const told: string[] = [];
      let leave = (): void => undefined;
      await new Promise<void>((resolve) => {
        leave = second.stay("second", resolve);
      });
      const gone = [first, third].map(
        (page) =>
          new Promise<void>((resolve) => {
            const stop = page.gone("second", () => {
              told.push("gone");
              stop();
              resolve();
            });
          }),
      );
      first.gone("second", () => told.push("stopped"))();
      await turn();
      expect(told).toEqual([]);
      leave();
      await Promise.all(gone);
      expect(told).toEqual(["gone", "gone"]);
    });

    it("brings a message to every other page, in order, and not back to its author", async () => {
      const [first, second, third] = three(open);
      const heard: unknown[] = [];
      const stopFirst = first.listen((message) => heard.push(["first", message]));
      const both = [second, third].map((page) => next(page, "last"));
      first.post({ bytes: Uint8Array.of(1, 2), rows: [["u", "1", null]] });
      first.post("last");
      const messages = [{ bytes: Uint8Array.of(1, 2), rows: [["u", "1", null]] }, "last"];
      expect(await Promise.all(both)).toEqual([messages, messages]);
      expect(heard).toEqual([]);
      stopFirst();
    });

    it("tells nothing to who stopped to listen", async () => {
      const [first, second, third] = three(open);
      const heard: unknown[] = [];
      const stop = second.listen((message) => heard.push(message));
      const seen = next(third, "after");
      stop();
      stop();
      first.post("after");
      await seen;
      expect(heard).toEqual([]);
      first.listen(() => undefined)();
    });
  });
}

function three(open: (pages: number) => readonly Tabs[]): [Tabs, Tabs, Tabs] {
  const [first, second, third] = open(3);
  if (first === undefined || second === undefined || third === undefined)
    throw new Error("three pages, please");
  return [first, second, third];
}

function asking(page: Tabs, led: () => void): [withdraw: () => void, leads: Promise<void>] {
  let begin = (): void => undefined;
  const leads = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const withdraw = page.lead(
    () => {
      led();
      begin();
    },
    () => undefined,
    false,
  );
  return [withdraw, leads];
}

async function leading(page: Tabs, led: () => void): Promise<() => void> {
  const [withdraw, leads] = asking(page, led);
  await leads;
  return withdraw;
}

/** All that is heard up to `last`; then it stops to listen. */
function next(page: Tabs, last: unknown): Promise<unknown[]> {
  const heard: unknown[] = [];
  return new Promise((resolve) => {
    const stop = page.listen((message) => {
      heard.push(message);
      if (message !== last) return;
      stop();
      resolve(heard);
    });
  });
}

/** What could happen by now has happened. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
