/** Ledgers as an application has them: replicated items, and what can be stated about them. */
import type { Change, Edits, Item, Json, Ledger, Marks, NewTask, Readable, Task } from "../api.js";
import { Refusal } from "../errors.js";
import { pack } from "../protocol/msgpack.js";
import type { JsonMap } from "../state/canonical.js";
import { PERSONAL_FIELDS } from "../state/field-names.js";
import { ALL, isName, personalName } from "../state/names.js";
import { isTerminal } from "../state/statuses.js";
import { newUlid } from "../state/ulid.js";
import { FINAL, ITEM, READ_UPTO, slotOf } from "../state/weights.js";
import type { Device, Statable } from "./device.js";
import type { LedgerTopic } from "./ledger-topic.js";
import { STATE_BYTES } from "./presence.js";
import { OWN_INBOX } from "./session.js";
import { createTask, NEW } from "./task.js";
import { createView } from "./view.js";

/** ms after the clock up to which the hub lets a space be marked read. */
const SPACE_MARK_AHEAD = 60_000;

/** What is never stated by itself, and whose values merging and deriving take apart. */
const SHAPED: readonly string[] = [ITEM, FINAL, READ_UPTO, "status", "progress"];

/** `closed`: told when the application closed it. */
export function createLedger(device: Device, name: string, closed: () => void): Ledger {
  const { surroundings } = device.platform;
  const space = name === OWN_INBOX ? null : name.slice(name.indexOf("/") + 1);
  const held = device.hold(name);
  const own = space === null ? null : device.hold(OWN_INBOX);
  const topic = held.topic as LedgerTopic;
  const inbox = (own?.topic ?? topic) as LedgerTopic;
  const view = createView(topic, own === null ? null : inbox, () => device.clock.now(), surroundings);
  const stopClock = device.clockSet.subscribe(view.clockSet);
  const loaded = Promise.all([held.loaded, own?.loaded]).then(() => undefined);
  loaded.catch(() => undefined);
  let open = true;

  function follow<Value>(get: () => Value): Readable<Value> {
    return {
      get,
      subscribe(listener) {
        let last = get();
        return view.changes.subscribe(() => {
          const value = get();
          if (value === last) return;
          last = value;
          listener(value);
        });
      },
    };
  }

  /** Where a field of an item is said: what is personal about a shared item, in the own inbox. */
  function said(id: string, field: string, value: Json): Statable {
    const personal = space !== null && (PERSONAL_FIELDS as readonly string[]).includes(field);
    const [where, item] = personal ? [inbox, personalName(space, id)] : [topic, id];
    return { topic: where, item, field, value, kind: view.get(id)?.kind };
  }

  function state(id: string, values: readonly (readonly [field: string, value: Json])[]): Change {
    // Ids are narrower than names: the rest is said by the hub, or by `checks`.
    if (!isName(id)) throw new Refusal("bad_id");
    const forwarded = follow(() => view.get(id)?.durability === "forwarded");
    return device.state(
      values.map(([field, value]) => said(id, field, value)),
      forwarded,
    );
  }

  function mark(id: string, fields: Marks | Edits): Change {
    const values = Object.entries(fields).filter(([, value]) => value !== undefined);
    if (values.length === 0) throw new Refusal("bad_value");
    if (values.some(([field]) => SHAPED.includes(field))) throw new Refusal("bad_field");
    return state(id, values);
  }

  function readAll(): Change {
    const order = view.latestOrder();
    const standing = view.uptos().get(slotOf(READ_UPTO, device.id.get() ?? ""))?.value ?? 0;
    const tooFar = space !== null && order > device.clock.now() + SPACE_MARK_AHEAD;
    const oneByOne = tooFar || (standing as number) > order;
    const statements = view.unread(oneByOne ? order : 0).map((id) => said(id, "read", true));
    if (order > 0 && !oneByOne) {
      const every = space === null ? ALL : personalName(space, ALL);
      statements.push({ topic: inbox, item: every, field: READ_UPTO, value: order });
    }
    return device.state(statements);
  }

  function contentOf({ id: _, ...content }: NewTask): Json {
    return { ...content, kind: "task" } as JsonMap;
  }

  function idOf(task: NewTask): string {
    return task.id ?? newUlid(device.clock.now(), surroundings.random);
  }

  function create(task: NewTask): { readonly item: Item; readonly change: Change } {
    const id = idOf(task);
    const change = state(id, [[ITEM, contentOf(task)]]);
    return { item: view.get(id) as Item, change };
  }

  function start(task: NewTask): Task {
    const id = idOf(task);
    const { attempt, status } = view.get(id)?.task ?? NEW;
    state(id, [
      [ITEM, contentOf(task)],
      ["status", [isTerminal(status) ? attempt + 1 : attempt, "running"]],
    ]);
    return taskOf(id);
  }

  function taskOf(id: string): Task {
    return createTask(
      id,
      follow(() => view.get(id)),
      (values) => state(id, values),
    );
  }

  return {
    topic: name,
    loaded,
    inSync: topic.inSync,
    access: topic.access,
    refusal: topic.refusal,
    counts: follow(view.counts),
    items: follow(view.items),
    get: view.get,
    watch: view.changes.subscribe,
    mark,
    readAll,
    edit: mark,
    create,
    start,
    task: taskOf,
    presence: topic.presence.others,
    setPresence(shown) {
      if (pack(shown as never).length > STATE_BYTES) {
        throw new Refusal("too_big");
      }
      topic.presence.own = shown;
      device.role.presence(topic);
    },
    close() {
      if (!open) return;
      open = false;
      stopClock();
      view.close();
      device.release(topic);
      if (own !== null) device.release(inbox);
      closed();
    },
  };
}
