/** A hub in memory that keeps its promises: welcome, open, push, relay, presence, commands. A test may bend it. */
import type { Json } from "../../src/api.js";
import type { Response, Socket, SocketEvents, Transport } from "../../src/ports.js";
import { type Packable, pack, unpackAll } from "../../src/protocol/msgpack.js";
import { joinInto, type LedgerRegisters, type Statement } from "../../src/state/join.js";
import type { VirtualTime } from "./virtual.js";

interface Ledger {
  readonly handle: number;
  incarnation: number;
  seq: number;
  order: number;
  registers: LedgerRegisters;
  /** Statements by the seq they were saved under. */
  log: (readonly [seq: number, statement: Statement])[];
}

interface Connected {
  readonly events: SocketEvents;
  device: string;
  user: string;
  readonly open: Set<string>;
  readonly shown: Map<string, Json>;
  ended: boolean;
}

export type Refusing = { readonly code: string; readonly at?: number; readonly retryAfter?: number };

export class ScriptedHub {
  readonly ledgers = new Map<string, Ledger>();
  readonly connections = new Set<Connected>();
  /** Every message devices sent, decoded. */
  readonly heard: unknown[][] = [];
  /** Whether it can be reached. */
  up = true;
  /** Messages are heard, and nothing is said. */
  mute = false;
  limits: Record<string, number> = { message: 2 ** 20, statements: 1_000, retention: 90 * 86_400_000 };
  /** The hub's clock minus the devices'. */
  ahead = 0;
  /** Which user a token is; a token of nobody is closed with 4401. */
  userOf: (token: string) => string | null = () => "ann";
  /** Devices that it lets in no more. */
  revoked: (device: string) => boolean = () => false;
  /** Refuses a push. */
  refuse: (statements: readonly (readonly unknown[])[]) => Refusing | null = () => null;
  /** Refuses an open. */
  refuseOpen: (topic: string) => Refusing | null = () => null;
  /** Answers HTTP requests. */
  respond: (method: string, path: string, body: Json, token: string | null) => readonly [number, Json] =
    () => [404, null];
  private devices = 0;

  constructor(readonly time: VirtualTime) {}

  get now(): number {
    return this.time.now() + this.ahead;
  }

  readonly transport: Transport = {
    connect: (_url, events) => this.accept(events),
    fetch: async ({ method, url, headers, body }) => {
      if (!this.up) throw new Error("unreachable");
      const given = body === undefined ? null : (JSON.parse(new TextDecoder().decode(body)) as Json);
      const token = headers.Authorization?.slice("Bearer ".length) ?? null;
      const [status, answer] = this.respond(method, new URL(url).pathname, given, token);
      return { status, body: new TextEncoder().encode(JSON.stringify(answer)) } satisfies Response;
    },
  };

  /** The connections end without a word. */
  drop(code = 1006, reason = ""): void {
    for (const each of [...this.connections]) this.end(each, code, reason);
  }

  /** Each device is told something. */
  say(...message: Packable[]): void {
    for (const each of this.connections) this.send(each, message);
  }

  /** A statement by somebody else. */
  state(topic: string, ...statements: Statement[]): void {
    this.save(this.ledger(topic), topic, statements, null);
  }

  /** A notification by a program. */
  notify(topic: string, id: string, title = id): void {
    this.state(topic, [id, "item", { kind: "notification", title }, this.now * 1024, "ann.api"]);
  }

  /** The history was replaced. */
  replace(topic: string): void {
    const ledger = this.ledger(topic);
    ledger.incarnation += 1;
    ledger.seq = 1;
    ledger.log = ledger.log.map(([, statement]) => [1, statement]);
  }

  ledger(topic: string): Ledger {
    const known = this.ledgers.get(topic);
    if (known) return known;
    const made: Ledger = {
      handle: this.ledgers.size + 1,
      incarnation: 7,
      seq: 0,
      order: 0,
      registers: new Map(),
      log: [],
    };
    this.ledgers.set(topic, made);
    return made;
  }

  value(topic: string, item: string, slot: string): Json | undefined {
    return this.ledger(topic).registers.get(item)?.get(slot)?.value;
  }

  private accept(events: SocketEvents): Socket {
    const connection: Connected = {
      events,
      device: "",
      user: "",
      open: new Set(),
      shown: new Map(),
      ended: false,
    };
    const up = this.up;
    if (up) this.connections.add(connection);
    queueMicrotask(() => {
      if (up) events.opened();
      else this.end(connection, 1006, "");
    });
    return {
      buffered: 0,
      send: (bytes) => {
        for (const frame of unpackAll(bytes)) queueMicrotask(() => this.hear(connection, frame as unknown[]));
      },
      close: () => this.end(connection, 1000, ""),
    };
  }

  private end(connection: Connected, code: number, reason: string): void {
    if (connection.ended) return;
    connection.ended = true;
    this.connections.delete(connection);
    queueMicrotask(() => connection.events.closed(code, reason));
  }

  private send(connection: Connected, ...messages: Packable[][]): void {
    if (connection.ended || this.mute) return;
    const bytes = messages.map((message) => pack(message));
    queueMicrotask(() => {
      if (!connection.ended) for (const each of bytes) connection.events.message(each);
    });
  }

  private hear(connection: Connected, message: unknown[]): void {
    if (connection.ended || !this.up) return;
    this.heard.push(message);
    const [type, ref, ...rest] = message as [number, number, ...unknown[]];
    if (type === 0) this.hello(connection, message[1] as Hello);
    else if (type === 1) this.send(connection, [3, ref, { expires_at: this.now + 3_600_000 }]);
    else if (type === 2) this.open(connection, ref, ...(rest as [string, number, number]));
    else if (type === 3) this.push(connection, ref, ...(rest as [number, (readonly unknown[])[]]));
    else if (type === 4) this.close(connection, ref);
    else if (type === 5) this.presence(connection, ref, rest[0] as Json);
    else if (type === 6) this.send(connection, [3, ref, { unread: 0, unseen: 0, open: 0 }]);
  }

  private hello(connection: Connected, { token = "", device }: Hello): void {
    const user = this.userOf(token);
    if (user === null) {
      this.send(connection, [9, "token", "The token is no longer valid."]);
      queueMicrotask(() => this.end(connection, 4401, ""));
      return;
    }
    if (this.revoked(device?.id ?? "")) {
      this.send(connection, [9, "forbidden", "this device was revoked"]);
      queueMicrotask(() => this.end(connection, 4403, ""));
      return;
    }
    this.devices += 1;
    connection.user = user;
    connection.device = device?.id ?? `device${this.devices}`;
    const { now, limits } = this;
    this.send(connection, [0, { user, device: connection.device, now, beat: 20_000, limits }]);
  }

  private open(connection: Connected, ref: number, topic: string, incarnation: number, seq: number): void {
    const refused = this.refuseOpen(topic);
    if (refused !== null) {
      this.no(connection, ref, refused);
      return;
    }
    const ledger = this.ledger(topic);
    connection.open.add(topic);
    const full = incarnation !== ledger.incarnation || seq > ledger.seq;
    const body = standing(ledger, full ? -1 : seq);
    this.send(connection, [1, ref, ledger.handle, ledger.incarnation, ledger.seq, "write", full, body]);
    for (const other of this.connections) {
      if (other !== connection && other.shown.has(topic))
        this.tellPresence(connection, other, topic, ledger.handle);
    }
  }

  private push(connection: Connected, ref: number, handle: number, body: (readonly unknown[])[]): void {
    const found = [...this.ledgers].find(
      ([name, each]) => each.handle === handle && connection.open.has(name),
    );
    if (found === undefined) {
      this.no(connection, ref, { code: "unknown_handle" });
      return;
    }
    const refused = this.refuse(body) ?? this.clockAhead(body);
    if (refused !== null) {
      this.no(connection, ref, refused);
      return;
    }
    const [topic, ledger] = found;
    const statements = body.map((each) => [...each, connection.device] as unknown as Statement);
    this.save(ledger, topic, statements, connection);
    this.send(connection, [3, ref, ledger.seq]);
  }

  private clockAhead(body: (readonly unknown[])[]): Refusing | null {
    const at = body.findIndex((each) => (each[3] as number) > (this.now + 60_000) * 1024);
    return at < 0 ? null : { code: "clock_ahead", at };
  }

  private save(ledger: Ledger, topic: string, statements: Statement[], by: Connected | null): void {
    const complete = statements.map((each) => this.completed(ledger, each));
    const won = complete.filter((each) => joinInto(ledger.registers, each));
    if (won.length === 0) return;
    ledger.seq += 1;
    for (const each of won) ledger.log.push([ledger.seq, each]);
    const altered = won.filter((each) => !statements.includes(each));
    for (const connection of this.connections) {
      const body = connection === by ? altered : won;
      if (connection.open.has(topic) && body.length > 0) {
        this.send(connection, [2, ledger.handle, ledger.seq, body as unknown as Packable]);
      }
    }
  }

  /** A record gets what the hub adds. */
  private completed(ledger: Ledger, statement: Statement): Statement {
    const [item, field, value, hlc, actor] = statement;
    if (field !== "item" || ledger.registers.get(item)?.has("item")) return statement;
    ledger.order = Math.max(ledger.order + 1, this.now);
    return [
      item,
      field,
      { ...(value as object), by: actor, at: this.now, order: ledger.order } as Json,
      hlc,
      actor,
    ];
  }

  private close(connection: Connected, handle: number): void {
    for (const [name, each] of this.ledgers) if (each.handle === handle) connection.open.delete(name);
  }

  private presence(connection: Connected, handle: number, state: Json): void {
    const topic = [...this.ledgers].find(([, each]) => each.handle === handle)?.[0] ?? "";
    connection.shown.set(topic, state);
    for (const other of this.connections) {
      if (other !== connection && other.open.has(topic)) this.tellPresence(other, connection, topic, handle);
    }
  }

  private tellPresence(to: Connected, of: Connected, topic: string, handle: number): void {
    const state = of.shown.get(topic) ?? null;
    const about = state === null ? null : { device: of.device, user: of.user, state };
    this.send(to, [5, handle, { [of.device]: about } as Packable]);
  }

  private no(connection: Connected, ref: number, { code, at, retryAfter }: Refusing): void {
    this.send(connection, [4, ref, code, "refused by the test", { at, retry_after: retryAfter }]);
  }
}

interface Hello {
  readonly token?: string;
  readonly device?: { readonly id?: string };
}

/** What stands above a seq. */
function standing(ledger: Ledger, above: number): Packable[] {
  const latest = ledger.log.filter(([seq]) => seq > above).map(([, statement]) => statement);
  return latest as unknown as Packable[];
}
