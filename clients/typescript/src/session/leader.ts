/** The page that leads, or the only one: it has the store, the session and the link, and answers the other pages. */
import { TongbuError } from "../errors.js";
import { StoreInUse, StoreUnusable } from "../platform/store-errors.js";
import { Batch, CLOCK, keyOf, LAYOUT, META, partsOf, type Row, WAITING } from "./batch.js";
import type { Device, Role } from "./device.js";
import { WrongUser } from "./errors.js";
import { createLink } from "./link.js";
import { createSession } from "./session.js";
import { createStore, type Store } from "./store.js";
import { askedToken, type Credentials, type KeptToken, noToken, userOf } from "./tokens.js";
import type { Topic } from "./topic.js";

const KINDS = ["r", "o", "u", "e"] as const;

interface Meta extends KeptToken {
  readonly version: number;
  readonly user: string | null;
  readonly device: string | null;
}

/** The other pages of this device, as the page that leads sees them. */
export interface Audience {
  /** This page leads from now on. */
  begin(): void;
  /** A topic was brought: what the hub says of it is told. */
  watch(topic: Topic): void;
  /** The store has it. */
  changed(batch: Batch): void;
  /** What this page shows of itself. */
  ownPresence(topic: Topic): void;
  forgotten(): void;
  /** Another page has the store. */
  superseded(): void;
  end(): void;
}

/** Gives a device its role, and returns how to end it. `failed`: nothing works any more, and why. */
export type Roles = (device: Device, failed: (error: TongbuError) => void) => () => Promise<void>;

/** The only page. */
export const alone: Roles = (device, failed) => {
  device.role = createLeader(device, failed, null);
  return device.role.close;
};

export function createLeader(
  device: Device,
  failed: (error: TongbuError) => void,
  audience: Audience | null,
): Role {
  const { clock } = device;
  const session = createSession(device);
  const name = storeName(device);
  const bringing = new Map<string, Promise<void>>();
  let meta: Meta = { version: LAYOUT, user: null, device: null };
  let store: Store | null = null;
  /** Known once it began. */
  let credentials!: Credentials;
  let empty = async (): Promise<void> => undefined;
  let ended = false;
  /** Another page leads: what was not kept is not kept by this one. */
  let superseded = false;

  const link = createLink(device, session, () => credentials, heard);

  // ------------------------------------------------------------------ beginning

  const opened = begin().catch((error: unknown) => {
    const known = error instanceof TongbuError;
    if (!ended) failed(known ? error : new StoreUnusable());
  });

  async function begin(): Promise<void> {
    const storage = await device.platform.open(name);
    const opening = createStore(storage, (error) => {
      superseded = audience !== null && error instanceof StoreInUse;
      if (superseded) audience?.superseded();
      else device.storeFailure.set("not kept");
    });
    await device.extras.opened(storage, name).finally(() => {
      store = opening;
    });
    empty = () => device.extras.forget(storage, name);
    meta = metaOf((await opening.list(META))[0]?.[1], meta);
    const user = ownUser(device);
    if (user !== null && meta.user !== null && user !== meta.user) throw new WrongUser();
    const [last, seen] = ((await opening.list(CLOCK))[0]?.[1] ?? [0, 0]) as [number, number];
    clock.resume(last, seen);
    credentials = credentialsOf();
    session.user = meta.user ?? user;
    session.device = meta.device;
    await waiting(opening);
    device.identify(session.user, session.device);
    device.started();
    putMeta({});
    await Promise.all([...device.topics.values()].map(bring));
    if (ended) return;
    audience?.begin();
    link.start();
  }

  /** Topics in which something waits: ledgers are opened to say it, documents by the entry that knows how. */
  async function waiting(opening: Store): Promise<void> {
    const unopened = new Map<string, number>();
    for (const kind of WAITING) {
      for (const [key] of await opening.list(`${kind} `)) {
        const [, topic, id] = partsOf(key);
        device.sawId(id);
        if (topic.startsWith("doc/")) unopened.set(topic, (unopened.get(topic) ?? 0) + 1);
        else device.make(topic);
      }
    }
    device.unopened.set(unopened);
  }

  function credentialsOf(): Credentials {
    const { token } = device.options;
    const linked = token === undefined ? device.extras.linked(device, meta, putMeta) : null;
    const given = typeof token === "string" ? async () => token : token;
    return linked ?? askedToken(given ?? noToken, clock.now);
  }

  function putMeta(kept: KeptToken): void {
    meta = { ...meta, ...kept, version: LAYOUT, user: session.user, device: session.device };
    const batch = new Batch();
    batch.set(META, meta);
    save(batch);
  }

  // ------------------------------------------------------------------ topics

  /** What the store holds of a topic, once; from then on it is kept up to date. */
  function bring(topic: Topic): Promise<void> {
    const { name } = topic;
    const known = bringing.get(name);
    if (known !== undefined) return known;
    if (store === null || session.topics.get(name) === topic) return Promise.resolve(link.flush());
    const brought = read(store, topic).finally(() => bringing.delete(name));
    bringing.set(name, brought);
    return brought;
  }

  async function read(from: Store, topic: Topic): Promise<void> {
    const { name } = topic;
    const rows: Row[] = [];
    for (const kind of KINDS) {
      for (const [key, value] of await from.list(`${kind} ${name} `))
        rows.push([kind, partsOf(key)[2], value]);
    }
    const stood = (await from.list(keyOf("t", name))).find(([key]) => key === keyOf("t", name));
    if (ended) return;
    topic.load(rows, (ids) => device.changes.answered(ids.map((id) => [id, null] as const)));
    [topic.incarnation, topic.seq] = (stood?.[1] ?? [0, 0]) as [number, number];
    session.topics.set(name, topic);
    device.unopened.set(new Map([...device.unopened.get()].filter(([each]) => each !== name)));
    const batch = new Batch();
    for (const [kind, id, value] of topic.pending()) batch.put(kind, name, id, value);
    save(batch);
    audience?.watch(topic);
    topic.loading.resolve();
    count();
    link.flush();
  }

  // ------------------------------------------------------------------ keeping

  function heard(batch: Batch): void {
    if (session.welcomed && (session.user !== meta.user || session.device !== meta.device)) {
      device.identify(session.user, session.device);
      putMeta({});
    }
    device.noticeClock();
    save(batch);
  }

  function save(batch: Batch): void {
    if (batch.empty || store === null || ended) return;
    device.changes.answered(batch.answers);
    if (batch.puts.size + batch.removals.size > 0) batch.set(CLOCK, [clock.last, clock.seen]);
    count();
    void store.save(batch).then(() => saved(batch));
  }

  function saved(batch: Batch): void {
    if (superseded) return;
    for (const key of batch.puts.keys()) {
      const [, topic, id] = partsOf(key);
      // What the store held is not here yet: once it is, what is pending is kept again. No other row has a name like an id.
      session.topics.get(topic)?.kept([id]);
    }
    device.kept.tell();
    if (ended) return;
    audience?.changed(batch);
    link.flush();
  }

  function count(): void {
    let waits = 0;
    for (const topic of device.topics.values()) waits += topic.unsaved;
    for (const number of device.unopened.get().values()) waits += number;
    device.unsaved.set(waits);
  }

  // ------------------------------------------------------------------ asking

  async function end(): Promise<void> {
    ended = true;
    link.stop();
    audience?.end();
    await opened;
    link.stop();
    await store?.close();
  }

  const leader: Role = {
    hold(topic) {
      void opened.then(() => (ended ? undefined : bring(topic).catch(() => failed(new StoreUnusable()))));
    },
    release: () => link.flush(),
    said(batch) {
      count();
      save(batch);
    },
    presence(topic) {
      audience?.ownPresence(topic);
      link.flush();
    },
    async ask(asked) {
      await opened;
      device.check();
      const answering = device.extras.answer(asked, device, credentials, session);
      link.flush();
      return answering;
    },
    async kept() {
      await opened;
      await Promise.all([...device.topics.values()].map(bring)).catch(() => undefined);
      await store?.save(new Batch());
    },
    wake: (byHand) => link.wake(byHand),
    leading: () => ({
      session,
      save(batch) {
        save(batch);
        link.flush();
      },
    }),
    close: end,
    async forget() {
      ended = true;
      await opened;
      link.stop();
      audience?.forgotten();
      await store?.save(new Batch());
      await empty().finally(end);
      return true;
    },
  };

  return leader;
}

export function storeName(device: Pick<Device, "options" | "address">): string {
  return device.options.store ?? device.address.http;
}

/** Whose the token is that the application gave; null where that isn't known yet. */
export function ownUser(device: Device): string | null {
  const { token } = device.options;
  return typeof token === "string" ? userOf(token) : null;
}

function metaOf(stored: unknown, none: Meta): Meta {
  const meta = (stored ?? none) as Meta;
  if (meta.version > LAYOUT) {
    throw new StoreUnusable("newer version");
  }
  return meta;
}
