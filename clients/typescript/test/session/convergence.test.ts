import fc from "fast-check";
import { expect, test } from "vitest";
import type { Hub, Item, Ledger } from "../../src/api.js";
import { derive, flat, readUpto } from "../../src/state/derive.js";
import { ALL } from "../../src/state/names.js";
import { KeptStore, openPage, type Page } from "../kit/fake-platform.js";
import { PageBus } from "../kit/page-bus.js";
import { ScriptedHub } from "../kit/scripted-hub.js";
import { virtualTime } from "../kit/virtual.js";

const INBOX = "inbox/ann";
const ITEMS = ["n1", "n2", "t1"] as const;

type Step =
  | { readonly does: "mark"; readonly page: number; readonly item: string; readonly marks: object }
  | { readonly does: "task"; readonly page: number; readonly way: "finish" | "fail" | "retry" | "pause" }
  | { readonly does: "readAll" | "crash" | "close" | "open"; readonly page: number }
  | { readonly does: "create"; readonly page: number }
  | { readonly does: "hub"; readonly up: boolean }
  | { readonly does: "drop" | "notify" | "nothing" }
  | { readonly does: "pass"; readonly ms: number };

const page = fc.nat(3);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    does: fc.constant("mark" as const),
    page,
    item: fc.constantFrom(...ITEMS),
    marks: fc.oneof(
      fc.record({ read: fc.boolean() }),
      fc.record({ archived: fc.boolean(), pinned: fc.boolean() }),
      fc.record({ deleted: fc.boolean() }),
    ),
  }),
  fc.record({
    does: fc.constant("task" as const),
    page,
    way: fc.constantFrom("finish" as const, "fail" as const, "retry" as const, "pause" as const),
  }),
  fc.record({
    does: fc.constantFrom("readAll" as const, "crash" as const, "close" as const, "open" as const),
    page,
  }),
  fc.record({ does: fc.constant("create" as const), page }),
  fc.record({ does: fc.constant("hub" as const), up: fc.boolean() }),
  fc.record({ does: fc.constantFrom("drop" as const, "notify" as const) }),
  fc.record({ does: fc.constant("pass" as const), ms: fc.nat(3_000) }),
);

/** Two devices of one user with two pages each, and the hub. */
class World {
  readonly time = virtualTime();
  readonly script = new ScriptedHub(this.time);
  private readonly stores = [new KeptStore(), new KeptStore()];
  private readonly buses = [new PageBus(), new PageBus()];
  private readonly pages = new Map<number, Page>();
  private notified = 0;
  /** Ids of what was created, by the page: a page that crashes takes with it what nobody had kept. */
  readonly created = new Map<string, number | null>();

  async begin(): Promise<void> {
    for (const id of ["n1", "n2"]) this.script.notify(INBOX, id);
    this.script.state(INBOX, ["t1", "item", { kind: "task", title: "t" }, 1, "ann.api"]);
    for (const place of [0, 1, 2, 3]) this.open(place);
    await this.time.advance(0);
  }

  private open(place: number): void {
    if (this.pages.has(place)) return;
    const device = place >> 1;
    const opened = openPage(this.script, this.stores[device] as KeptStore, {}, this.buses[device]);
    opened.hub.inbox();
    this.pages.set(place, opened);
  }

  async take(step: Step): Promise<void> {
    if (step.does === "hub") this.script.up = step.up;
    if (step.does === "drop" || (step.does === "hub" && !step.up)) this.script.drop();
    if (step.does === "notify") this.script.notify(INBOX, `x${this.notified++}`);
    if (step.does === "pass") await this.time.advance(step.ms);
    if ("page" in step) this.act(step, step.page);
  }

  private act(step: Step, place: number): void {
    if (step.does === "open") this.open(place);
    const opened = this.pages.get(place);
    if (opened === undefined) return;
    if (step.does === "close" || step.does === "crash") {
      this.leave(step.does, opened, place);
      return;
    }
    const inbox = opened.hub.inbox();
    if (step.does === "mark") inbox.mark(step.item, step.marks);
    else if (step.does === "task") inbox.task("t1")[step.way]();
    else if (step.does === "readAll") inbox.readAll();
    else if (step.does === "create") this.create(inbox, place);
  }

  private create(inbox: Ledger, place: number): void {
    const { item, change } = inbox.create({ title: "made" });
    this.created.set(item.id, place);
    void change.saved.then(
      () => this.created.set(item.id, null),
      () => undefined,
    );
  }

  private leave(how: "close" | "crash", opened: Page, place: number): void {
    this.pages.delete(place);
    if (how === "close") {
      void opened.hub.close();
      return;
    }
    opened.crash();
    for (const [id, by] of this.created) if (by === place) this.created.delete(id);
  }

  /** Everybody is there, and has been for a while. */
  async end(): Promise<Hub[]> {
    for (const place of [0, 1, 2, 3]) this.open(place);
    this.script.up = true;
    await this.time.advance(61_000);
    for (const each of this.pages.values()) each.hub.wake();
    await this.time.advance(5_000);
    return [...this.pages.values()].map((each) => each.hub);
  }

  /** What the hub holds, derived. */
  shown(): unknown[] {
    const { registers } = this.script.ledger(INBOX);
    const uptos = readUpto(registers.get(ALL));
    const items = [...registers].map(([id, each]) => derive(id, each, uptos, this.script.now));
    const kept = items.filter((item) => item !== null && !item.deleted).map((item) => item && flat(item));
    return kept.sort((one, other) => ((one?.order ?? 0) < (other?.order ?? 0) ? 1 : -1));
  }
}

test("whatever two devices with two pages each say, however they come and go, ends in one state", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const world = new World();
      await world.begin();
      for (const each of steps) await world.take(each);
      const hubs = await world.end();
      const shown = world.shown();
      expect(shown.map((item) => (item as Item).id)).toEqual(
        expect.arrayContaining([...world.created.keys()]),
      );
      for (const hub of hubs) {
        expect(hub.unsaved.get()).toBe(0);
        expect(hub.inbox().items.get().map(flat)).toEqual(shown);
        expect(hub.inbox().counts.get()).toEqual(hubs[0]?.inbox().counts.get());
      }
      expect(world.script.connections.size).toBe(2);
    }),
    { numRuns: 60 },
  );
}, 60_000);
