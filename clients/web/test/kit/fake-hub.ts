/** A hub in memory behind the seam of api.ts, with handles to make it do what a test is about. */

import type { Connection, Hub, Item, Json, Readable, Refused } from "@tongbu/client";
import { Value } from "../../src/model/value.ts";
import { FakeLedger } from "./fake-ledger.ts";
import { NOW } from "./items.ts";

export type Answer = { readonly status: number; readonly body: Json };

export interface FakeOptions {
  readonly items?: readonly Item[];
  readonly user?: string | null;
  readonly connection?: Connection;
  readonly now?: () => number;
  /** What HTTP requests get. */
  readonly answer?: (method: string, path: string, body?: Json) => Answer | Promise<Answer>;
}

export class FakeHub implements Hub {
  readonly user: Value<string | null>;
  readonly device = new Value<string | null>("device-1");
  readonly connection: Value<Connection>;
  readonly unsaved: Readable<number>;
  readonly storeFailure = new Value<string | null>(null);
  /** Every HTTP request, in order. */
  readonly requests: { readonly method: string; readonly path: string; readonly body?: Json }[] = [];
  readonly commands: { readonly name: string; readonly params: Json }[] = [];
  woken = 0;
  ended: "closed" | "forgotten" | null = null;
  readonly ledger: FakeLedger;
  readonly #spaces = new Map<string, FakeLedger>();
  readonly #refusals = new Set<(refused: Refused) => void>();
  readonly #answer: NonNullable<FakeOptions["answer"]>;
  readonly now: () => number;

  constructor(options: FakeOptions = {}) {
    this.now = options.now ?? (() => NOW);
    this.user = new Value(options.user === undefined ? "ann" : options.user);
    this.connection = new Value<Connection>(options.connection ?? { state: "online" });
    this.ledger = new FakeLedger("inbox/ann", options.items ?? [], this.now, () => this.#isOnline());
    this.unsaved = this.ledger.unsaved;
    this.#answer = options.answer ?? (() => ({ status: 200, body: { items: [], next: null } }));
  }

  inbox(): FakeLedger {
    return this.ledger;
  }

  space(name: string): FakeLedger {
    const known = this.#spaces.get(name);
    const ledger = known ?? new FakeLedger(`space/${name}`, [], this.now, () => this.#isOnline());
    this.#spaces.set(name, ledger);
    return ledger;
  }

  async command(name: string, params: { readonly [key: string]: Json }): Promise<Json> {
    this.commands.push({ name, params });
    return null;
  }

  async request(method: string, path: string, body?: Json): Promise<Answer> {
    this.requests.push(body === undefined ? { method, path } : { method, path, body });
    return await this.#answer(method, path, body);
  }

  wake(): void {
    this.woken += 1;
  }

  async flush(): Promise<boolean> {
    this.ledger.saveAll();
    return true;
  }

  onRefused(listener: (refused: Refused) => void): () => void {
    this.#refusals.add(listener);
    return () => this.#refusals.delete(listener);
  }

  async close(): Promise<void> {
    this.ended = "closed";
  }

  async forget(): Promise<void> {
    this.ended = "forgotten";
  }

  /** What the connection is from now on. Once online, everything unsaved is saved. */
  becomes(connection: Connection): void {
    this.connection.set(connection);
    if (connection.state === "online") this.ledger.saveAll();
  }

  /** The hub does not take a statement. */
  refuse(refused: Partial<Refused> = {}): void {
    const whole = {
      topic: "inbox/ann",
      item: "n1",
      field: "read",
      value: true,
      code: "bad_value",
      message: "No.",
      ...refused,
    };
    for (const listener of this.#refusals) listener(whole);
  }

  #isOnline(): boolean {
    return this.connection.get().state === "online";
  }
}
