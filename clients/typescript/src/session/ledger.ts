/** Ledgers as an application has them: replicated items, and what can be stated about them. */
import type { Change, Edits, Item, Json, Ledger, Marks, NewTask, Readable, Task } from "../api.js";
import { Refusal } from "../errors.js";
import { pack } from "../protocol/msgpack.js";
import { type JsonMap, sameContent } from "../state/canonical.js";
import { MARKED_FIELDS, PERSONAL_FIELDS } from "../state/field-names.js";
import { ALL, isItemId, personalName } from "../state/names.js";
import { FIRST_ATTEMPT, isTerminal } from "../state/statuses.js";
import { newUlid } from "../state/ulid.js";
import { ITEM, READ_UPTO, slotOf } from "../state/weights.js";
import type { Device, Statable } from "./device.js";
import type { LedgerTopic } from "./ledger-topic.js";
import { STATE_BYTES } from "./presence.js";
import { OWN_INBOX } from "./session.js";
import { createTask } from "./task.js";
import { createView } from "./view.js";

/** ms after the clock up to which the hub lets a space be marked read. */
const SPACE_MARK_AHEAD = 60_000;

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

  function record(id: string): JsonMap | null {
    return (topic.registers(id).get(ITEM)?.value ?? null) as JsonMap | null;
  }

  function state(id: string, values: readonly (readonly [field: string, value: Json])[]): Change {
    if (!isItemId(id)) throw new Refusal("bad_id", "that is no id");
    const forwarded = follow(() => view.get(id)?.durability === "forwarded");
    return device.state(
      values.map(([field, value]) => said(id, field, value)),
      forwarded,
    );
  }

  function mark(id: string, fields: Marks | Edits): Change {
    const values = Object.entries(fields).filter(([, value]) => value !== undefined);
    if (values.length === 0) throw new Refusal("bad_value", "state at least one field");
    const other = values.find(([field]) => !MARKED_FIELDS.includes(field));
    if (other !== undefined) throw new Refusal("bad_field", "no such field is stated here");
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

  /** Whether nothing of that id is known here. Throws `exists`. */
  function isNew(id: string, content: JsonMap): boolean {
    const known = record(id);
    if (known !== null && !sameContent(known, content)) {
      throw new Refusal("exists", "another item with this id exists");
    }
    return known === null;
  }

  function contentOf({ id: _, ...content }: NewTask): JsonMap {
    const known = Object.entries(content).filter(([, value]) => (value ?? null) !== null);
    return { ...(Object.fromEntries(known) as JsonMap), kind: "task" };
  }

  function idOf(task: NewTask): string {
    return task.id ?? newUlid(device.clock.now(), surroundings.random);
  }

  function create(task: NewTask): { readonly item: Item; readonly change: Change } {
    const id = idOf(task);
    const content = contentOf(task);
    const change = isNew(id, content) ? state(id, [[ITEM, content]]) : device.state([]);
    return { item: view.get(id) as Item, change };
  }

  function start(task: NewTask): Task {
    const id = idOf(task);
    const content = contentOf(task);
    if (isNew(id, content)) {
      state(id, [
        [ITEM, content],
        ["status", [FIRST_ATTEMPT, "running"]],
      ]);
    } else {
      const { attempt, status } = view.get(id)?.task ?? { attempt: FIRST_ATTEMPT, status: "queued" as const };
      state(id, [["status", [isTerminal(status) ? attempt + 1 : attempt, "running"]]]);
    }
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
        throw new Refusal("too_big", `a presence state is at most ${STATE_BYTES} bytes`);
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
