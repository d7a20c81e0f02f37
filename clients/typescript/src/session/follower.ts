/** A page that follows: the page that leads has the store and the connection, this one shows the same. */
import type { Connection, Json } from "../api.js";
import { Refusal } from "../errors.js";
import { partsOf } from "./batch.js";
import { promised } from "./cell.js";
import type { Device, Role } from "./device.js";
import { NotConnected, WrongUser } from "./errors.js";
import type { Asked } from "./extra.js";
import { ownUser } from "./leader.js";
import { createLookout } from "./lookout.js";
import {
  type Answering,
  byTopic,
  type Handlers,
  handle,
  type KeyedRow,
  type Pages,
  type Said,
  type Status,
  setWire,
} from "./page-messages.js";
import { paged } from "./paged.js";
import type { Topic } from "./topic.js";

/** What says that a page leads. */
const LEADS: readonly string[] = ["lead", "starting"];

export interface Follower extends Role {
  /** Makes itself known to the page that leads. */
  arrive(): void;
  hear(message: Said): void;
}

export interface FollowerNeeds {
  readonly pages: Pages;
  failed(error: WrongUser): void;
  /** Everything was forgotten: nothing goes on. */
  forgotten(): void;
  /** The page that leads does not answer. */
  deserted(): void;
}

interface Question {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

export function createFollower(device: Device, needs: FollowerNeeds): Follower {
  const { pages } = needs;
  const { clock } = device;
  const { surroundings } = device.platform;
  const questions = new Map<number, Question>();
  const wanted = new Set<Topic>([...device.topics.values()].filter(({ holders }) => holders > 0));
  /** Topics whose rows are here. */
  const here = new Set<Topic>();
  let leader: string | null = null;
  let lastQuestion = 0;
  let elsewhere = 0;
  let ended = false;
  /** The page that leads and was told that somebody signed in here. */
  let told: string | null = null;
  let forgetting: ((done: boolean) => void) | null = null;
  const lookout = createLookout(surroundings, () => pages.post({ kind: "hi" }), needs.deserted);

  function follow(page: string, status: Status): void {
    const another = leader !== page;
    leader = page;
    take(status);
    if (!another) return;
    giveUpQuestions();
    here.clear();
    for (const topic of wanted) pages.post({ kind: "want", topic: topic.name });
    for (const topic of device.topics.values()) sayAgain(topic);
  }

  /** What no leader is known to have kept. */
  function sayAgain(topic: Topic): void {
    const rows = topic.pending().map(([kind, id, value]): KeyedRow => [`${kind} ${topic.name} ${id}`, value]);
    if (rows.length > 0) pages.post({ kind: "said", rows });
    if (topic.presence.own !== null) {
      pages.post({ kind: "presence", topic: topic.name, state: topic.presence.own });
    }
  }

  function take(status: Status): void {
    const user = ownUser(device);
    if (user !== null && status.user !== null && user !== status.user) {
      needs.failed(new WrongUser());
      return;
    }
    clock.resume(status.last);
    clock.setNow(surroundings.now() + status.offset);
    device.identify(status.user, status.id);
    device.started();
    device.noticeClock();
    device.connection.set(status.connection);
    tellAnew(status.connection);
    device.storeFailure.set(status.storeFailure);
    device.unopened.set(new Map(status.unopened));
    elsewhere = status.unsaved;
    count();
  }

  /** Once each page that leads: where the hub won't let it in even so, that is that. */
  function tellAnew({ state }: Connection): void {
    if (state === "online") device.anew = false;
    if (state !== "refused" || !device.anew || told === leader) return;
    told = leader;
    pages.post({ kind: "wake", byHand: true, anew: true });
  }

  function count(): void {
    const own = [...device.topics.values()].reduce((sum, topic) => sum + topic.pending().length, 0);
    device.unsaved.set(elsewhere + own);
  }

  function load(message: Extract<Said, { readonly kind: "rows" }>): void {
    const topic = device.topics.get(message.topic);
    if (topic === undefined) return;
    topic.load(message.rows, (ids) => device.changes.answered(ids.map((id) => [id, null] as const)));
    setWire(topic, message.wire);
    here.add(topic);
    topic.loading.resolve();
    count();
  }

  function change({ puts, removals, answers }: Extract<Said, { readonly kind: "changed" }>): void {
    const put = byTopic(puts);
    const removed = byTopic(removals.map((key) => [key, null] as const));
    for (const topic of here) {
      const gone = (removed.get(topic.name) ?? []).map(([kind, name]) => [kind, name] as const);
      const rows = put.get(topic.name) ?? [];
      if (rows.length + gone.length > 0) paged(topic).follow(rows, gone);
    }
    for (const [key] of puts) device.sawId(partsOf(key)[2]);
    device.changes.answered(answers);
    device.kept.tell();
    count();
  }

  function ask(asked: Asked): Promise<unknown> {
    if (leader === null) return Promise.reject(new NotConnected());
    lookout.expect();
    lastQuestion += 1;
    pages.post({ kind: "ask", id: lastQuestion, asked });
    return new Promise((resolve, reject) => questions.set(lastQuestion, { resolve, reject }));
  }

  /** Until the page that leads has kept all that was said here. */
  function kept(): Promise<void> {
    const { promise, resolve } = promised<void>();
    const look = () => {
      if ([...device.topics.values()].every((topic) => topic.pending().length === 0)) resolve();
    };
    const stop = device.kept.subscribe(look);
    look();
    return promise.finally(stop);
  }

  function answered(id: number, answer: Answering): void {
    const question = questions.get(id);
    questions.delete(id);
    if ("value" in answer) question?.resolve(answer.value);
    else question?.reject(errorOf(answer.error));
  }

  function giveUpQuestions(): void {
    const open = [...questions.values()];
    questions.clear();
    for (const each of open) each.reject(new NotConnected("The page that was asked is gone."));
  }

  const handlers: Handlers = {
    status: ({ status }) => take(status),
    rows: load,
    changed: change,
    answer: ({ id, answer }) => answered(id, answer),
    forgotten() {
      forgetting?.(true);
      needs.forgotten();
    },
    wire({ topic: name, wire }) {
      const topic = device.topics.get(name);
      if (topic !== undefined && here.has(topic)) setWire(topic, wire);
    },
  };

  async function end(): Promise<void> {
    ended = true;
    lookout.stop();
    pages.post({ kind: "bye" });
    giveUpQuestions();
    forgetting?.(false);
  }

  return {
    arrive: lookout.ask,
    hold(topic) {
      wanted.add(topic);
      if (here.has(topic)) topic.loading.resolve();
      if (leader !== null) pages.post({ kind: "want", topic: topic.name });
    },
    release(topic) {
      wanted.delete(topic);
      here.delete(topic);
      pages.post({ kind: "leave", topic: topic.name });
      if (topic.pending().length === 0) device.dropped(topic);
    },
    said(batch) {
      pages.post({ kind: "said", rows: [...batch.puts] });
      lookout.expect();
      count();
    },
    presence: (topic) =>
      pages.post({ kind: "presence", topic: topic.name, state: topic.presence.own as Json }),
    ask,
    kept,
    wake(byHand) {
      pages.post({ kind: "wake", byHand });
      lookout.ask();
    },
    leadFor: (topic) => pages.post({ kind: "leadFor", topic }),
    leading: () => null,
    close: end,
    async forget() {
      if (ended) return false;
      pages.post({ kind: "forget" });
      lookout.expect();
      return new Promise((resolve) => {
        forgetting = resolve;
      });
    },
    hear(message) {
      if (LEADS.includes(message.kind) || message.from === leader) lookout.heard();
      if (message.kind === "lead") follow(message.from, message.status);
      else if (message.from === leader) handle(handlers, message);
    },
  };
}

function errorOf({ code, message }: { readonly code: string; readonly message: string }): Error {
  return code === "not_connected" ? new NotConnected(message) : new Refusal(code, message);
}
