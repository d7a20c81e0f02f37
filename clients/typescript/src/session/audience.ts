/** The other pages, as the page that leads sees them: who wants which topic, what they say, what they are told. */
import type { Json } from "../api.js";
import { TongbuError } from "../errors.js";
import type { Tabs } from "../ports.js";
import { Batch, CLOCK, META } from "./batch.js";
import { soon } from "./cell.js";
import type { Device } from "./device.js";
import type { Asked } from "./extra.js";
import type { Audience } from "./leader.js";
import {
  byTopic,
  type Handlers,
  handle,
  type KeyedRow,
  type Pages,
  type Said,
  type Status,
  wireOf,
} from "./page-messages.js";
import { paged } from "./paged.js";
import type { Topic } from "./topic.js";

export interface PageAudience extends Audience {
  hear(message: Said): void;
}

export interface AudienceNeeds {
  readonly pages: Pages;
  readonly tabs: Tabs;
  /** Another page shall lead: this one can't make a topic that it wants, or leads no more. */
  handOver(): void;
  /** Everything is forgotten, as another page asked. */
  forgot(): void;
}

export function createAudience(device: Device, needs: AudienceNeeds): PageAudience {
  const { pages, tabs, handOver, forgot } = needs;
  const watched = new WeakSet<Topic>();
  /** Topics by page. */
  const wanted = new Map<string, Set<string>>();
  /** How to stop to wait for the end of a page. */
  const watches = new Map<string, () => void>();
  /** What each page shows of itself, by topic; this page's under its own name. */
  const shown = new Map<string, Map<string, Json>>();
  const stops: (() => void)[] = [];
  /** What was heard before this page led. */
  const early: Said[] = [];
  let begun = false;

  const tellStatus = () => {
    if (begun) pages.post({ kind: "status", status: statusOf(device) });
  };

  function want(page: string, name: string): void {
    const topics = wanted.get(page) ?? new Set();
    wanted.set(page, topics);
    if (!watches.has(page))
      watches.set(
        page,
        tabs.gone(page, () => bye(page)),
      );
    if (device.make(name) === null) {
      handOver();
      return;
    }
    const { topic, loaded } = device.hold(name);
    if (topics.has(name)) device.release(topic);
    topics.add(name);
    const send = () => {
      if (begun)
        pages.post({ kind: "rows", to: page, topic: name, rows: paged(topic).rows(), wire: wireOf(topic) });
    };
    loaded.then(send, () => undefined);
  }

  function leave(page: string, name: string): void {
    const topic = device.topics.get(name);
    if (!wanted.get(page)?.delete(name) || topic === undefined) return;
    show(page, topic, null);
    device.release(topic);
  }

  function bye(page: string): void {
    for (const name of [...(wanted.get(page) ?? [])]) leave(page, name);
    wanted.delete(page);
    watches.get(page)?.();
    watches.delete(page);
  }

  /** What another page said: taken in once the topic is here, in the order it came. */
  function take(rows: readonly KeyedRow[]): void {
    for (const [name, said] of byTopic(rows)) {
      if (device.make(name) === null) {
        handOver();
        return;
      }
      const { topic, loaded } = device.hold(name);
      const adopt = () => {
        const batch = new Batch();
        for (const [, id] of said) device.sawId(id);
        paged(topic).adopt(said, batch);
        device.role.leading()?.save(batch);
        device.release(topic);
      };
      loaded.then(adopt, () => undefined);
    }
  }

  /** The hub shows one state a connection: that of the page which showed one last. */
  function show(page: string, topic: Topic, state: Json): void {
    const states = shown.get(topic.name) ?? new Map<string, Json>();
    shown.set(topic.name, states);
    states.delete(page);
    if (state !== null) states.set(page, state);
    topic.presence.own = paged(topic).shown([...states.values()]);
    device.role.leading()?.save(new Batch());
  }

  async function ask(page: string, id: number, asked: Asked): Promise<void> {
    const answer = await device.role.ask(asked).then(
      (value) => ({ value }),
      (error: unknown) => ({ error: plainError(error) }),
    );
    if (begun) pages.post({ kind: "answer", to: page, id, answer });
  }

  function leadFor(name: string): void {
    if (device.topics.has(name)) return;
    const made = device.make(name);
    if (made === null) handOver();
    else device.dropped(made);
  }

  const handlers: Handlers = {
    leadFor: ({ topic }) => leadFor(topic),
    hi: () => pages.post({ kind: "lead", status: statusOf(device) }),
    want: ({ from, topic }) => want(from, topic),
    leave: ({ from, topic }) => leave(from, topic),
    bye: ({ from }) => bye(from),
    said: ({ rows }) => take(rows),
    ask: ({ from, id, asked }) => void ask(from, id, asked),
    wake({ byHand, anew = false }) {
      if (device.connection.get().state === "refused") device.anew ||= anew;
      device.role.wake(byHand);
    },
    forget: () => void device.role.forget().then(forgot, forgot),
    presence({ from, topic: name, state }) {
      const topic = device.topics.get(name);
      if (topic !== undefined) show(from, topic, state);
    },
  };

  pages.post({ kind: "starting" });

  return {
    begin() {
      begun = true;
      const { user, id, connection, unsaved, storeFailure, unopened } = device;
      for (const each of [user, id, connection, unsaved, storeFailure, unopened]) {
        stops.push(each.subscribe(() => soon(tellStatus)));
      }
      pages.post({ kind: "lead", status: statusOf(device) });
      for (const message of early.splice(0)) handle(handlers, message);
    },
    watch(topic) {
      if (watched.has(topic)) return;
      watched.add(topic);
      if (topic.presence.own !== null) show(device.page, topic, topic.presence.own);
      const tell = () => {
        if (begun) pages.post({ kind: "wire", topic: topic.name, wire: wireOf(topic) });
      };
      for (const each of [topic.inSync, topic.access, topic.refusal, topic.presence.others]) {
        stops.push(each.subscribe(() => soon(tell)));
      }
    },
    changed(batch) {
      const puts = [...batch.puts].filter(([key]) => key !== META && key !== CLOCK);
      const removals = [...batch.removals];
      if (!begun || puts.length + removals.length + batch.answers.length === 0) return;
      pages.post({ kind: "changed", puts, removals, answers: batch.answers });
    },
    ownPresence(topic) {
      show(device.page, topic, topic.presence.own);
    },
    hear(message) {
      if (begun) handle(handlers, message);
      else if (message.kind === "hi") pages.post({ kind: "starting" });
      else early.push(message);
    },
    superseded: handOver,
    forgotten: () => pages.post({ kind: "forgotten" }),
    end() {
      begun = false;
      for (const stop of stops.splice(0)) stop();
      for (const page of [...wanted.keys()]) bye(page);
    },
  };
}

function statusOf(device: Device): Status {
  return {
    user: device.user.get(),
    id: device.id.get(),
    connection: device.connection.get(),
    unsaved: device.unsaved.get(),
    storeFailure: device.storeFailure.get(),
    unopened: [...device.unopened.get()],
    offset: device.clock.now() - device.platform.surroundings.now(),
    last: device.clock.last,
  };
}

function plainError(error: unknown): { readonly code: string; readonly message: string } {
  if (error instanceof TongbuError) return { code: error.code, message: error.message };
  return { code: "internal", message: "The page that leads could not do it." };
}
