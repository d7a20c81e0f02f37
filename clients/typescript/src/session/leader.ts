/** The page that leads, or the only one: it has the store, the session and the link, and answers the other pages. */
import type { Json } from "../api.js";
import { TongbuError } from "../errors.js";
import { StoreInUse, StoreUnusable } from "../platform/store-errors.js";
import { jitter } from "./backoff.js";
import { Batch, CLOCK, keyOf, LAYOUT, META, partsOf, type Row, WAITING } from "./batch.js";
import type { Device, Role } from "./device.js";
import { WrongUser } from "./errors.js";
import { createLink, type Link } from "./link.js";
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

/** Stores that could not be emptied when they were to be forgotten: nothing in them is used before they are. */
const unforgotten = new Set<string>();

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
  const { surroundings, transport } = device.platform;
  const { clock } = device;
  const about = {
    name: device.options.deviceName ?? device.platform.name,
    platform: device.options.platform ?? device.platform.name,
  };
  const session = createSession(
    clock,
    surroundings,
    (tries) => jitter(surroundings.random, tries),
    (topic) => device.dropped(topic),
  );
  const bringing = new Map<string, Promise<void>>();
  let meta: Meta = { version: LAYOUT, user: null, device: null };
  let store: Store | null = null;
  let link: Link | null = null;
  let credentials: Credentials = askedToken(noToken, () => 0);
  let ended = false;
  /** Another page leads: what was not kept is not kept by this one. */
  let superseded = false;

  // ------------------------------------------------------------------ beginning

  const opened = begin().catch((error: unknown) => {
    const known = error instanceof TongbuError;
    if (!ended) failed(known ? error : new StoreUnusable("What this device keeps can't be read."));
  });

  async function begin(): Promise<void> {
    const storage = await device.platform.open(storeName(device));
    const opening = createStore(storage, (error) => {
      superseded = audience !== null && error instanceof StoreInUse;
      if (superseded) audience?.superseded();
      else device.storeFailure.set("This device has no room, or lets nothing be kept.");
    });
    if (unforgotten.has(storeName(device))) {
      await opening.forget().finally(() => {
        store = opening;
      });
      unforgotten.delete(storeName(device));
    }
    store = opening;
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
    await Promise.all(device.topics().map(bring));
    if (!ended) connect();
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

  function connect(): void {
    link = createLink({
      address: device.address,
      session,
      transport,
      surroundings,
      credentials,
      about,
      hubNow: () => clock.now(),
      save: heard,
      changed: device.connection.set,
    });
    audience?.begin();
    link.start();
  }

  function credentialsOf(): Credentials {
    const { token } = device.options;
    const given = typeof token === "string" ? async () => token : token;
    if (given !== undefined) return askedToken(given, () => clock.now());
    return device.extras.linked(device, meta, putMeta, about) ?? credentials;
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
    if (store === null || session.topics.get(name) === topic) return Promise.resolve(link?.flush());
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
    device.loaded(topic);
    count();
    link?.flush();
  }

  // ------------------------------------------------------------------ keeping

  function heard(batch: Batch): void {
    if (session.user !== meta.user || session.device !== meta.device) {
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
      const [kind, topic, id] = partsOf(key);
      // What the store held is not here yet: once it is, what is pending is kept again.
      if (WAITING.includes(kind)) session.topics.get(topic)?.kept([id]);
    }
    device.kept.tell();
    if (ended) return;
    audience?.changed(batch);
    link?.flush();
  }

  function count(): void {
    let waits = 0;
    for (const topic of device.topics()) waits += topic.unsaved;
    for (const number of device.unopened.get().values()) waits += number;
    device.unsaved.set(waits);
  }

  // ------------------------------------------------------------------ asking

  async function command(name: string, params: { readonly [key: string]: Json }): Promise<Json> {
    const called = session.call(name, params);
    link?.flush();
    return called;
  }

  async function end(): Promise<void> {
    ended = true;
    link?.stop();
    audience?.end();
    await opened;
    link?.stop();
    await store?.close();
  }

  const leader: Role = {
    hold(topic) {
      void opened.then(() => (ended ? undefined : bring(topic).catch(unreadable)));
    },
    release: () => link?.flush(),
    said(batch) {
      count();
      save(batch);
    },
    presence(topic) {
      audience?.ownPresence(topic);
      link?.flush();
    },
    command,
    async request(method, path, body) {
      await opened;
      device.check();
      return device.extras.request(device, credentials, method, path, body);
    },
    wake: (byHand) => link?.wake(byHand),
    leading: () => ({
      session,
      async ready() {
        await opened;
        await Promise.all(device.topics().map(bring));
        await store?.save(new Batch());
      },
      save(batch) {
        save(batch);
        link?.flush();
      },
    }),
    close: end,
    async forget() {
      ended = true;
      await opened;
      link?.stop();
      audience?.forgotten();
      audience?.end();
      unforgotten.add(storeName(device));
      await store?.forget().finally(() => store?.close());
      unforgotten.delete(storeName(device));
      return true;
    },
  };

  function unreadable(): void {
    failed(new StoreUnusable("What this device keeps can't be read."));
  }

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
    throw new StoreUnusable("A newer version wrote what this device keeps.");
  }
  return meta;
}
