/** What the core asks of the place it runs in. Each platform entry (`browser`, `node`, `wechat`) provides all of it. */

/** Opens sockets and makes requests. About 40 lines a platform. */
export interface Transport {
  /** A WebSocket with subprotocol `tongbu.v1`; binary messages only. `events` are called until `closed` was. */
  connect(url: string, events: SocketEvents): Socket;
  /** One HTTP request. `body` and the answer are bytes. Rejects where no answer came; aborted after `timeout` ms. */
  fetch(request: Request): Promise<Response>;
}

export interface SocketEvents {
  opened(): void;
  message(bytes: Uint8Array): void;
  /** Once; also where it never opened, and soon after `close`, whatever the network does. `code` 1006 where none came. */
  closed(code: number, reason: string): void;
}

export interface Socket {
  send(bytes: Uint8Array): void;
  /** Bytes given to `send` that have not left; 0 where the platform doesn't tell. */
  readonly buffered: number;
  close(code: number): void;
}

export interface Request {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly timeout: number;
}

export interface Response {
  readonly status: number;
  readonly body: Uint8Array;
}

/**
 * Keeps what a device holds: a map of keys to values (plain data and `Uint8Array`), in key order. Keys are strings
 * compared by code unit. A write is one transaction: all of it or nothing, also when the page dies. Writes happen in the order
 * in which they were asked for. Rejects with `StoreInUse` or `StoreUnusable`.
 */
export interface Storage {
  /** Everything whose key begins with `prefix`, in key order. */
  list(prefix: string): Promise<readonly (readonly [string, unknown])[]>;
  /** Puts, then removals. A key that ends with `*` among the removals stands for all that begin so. */
  write(puts: ReadonlyMap<string, unknown>, removals: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** Time and chance. */
export interface Surroundings {
  /** Wall clock, ms since 1970. */
  now(): number;
  /** ms that never run backwards. */
  monotonic(): number;
  /** Runs once after `delay` ms; returns how to call it off. */
  after(delay: number, run: () => void): () => void;
  /** That many bytes from a cryptographic source where there is one. */
  random(bytes: number): Uint8Array;
}

/**
 * Several pages of one device share one connection and one store. One of them leads: it alone connects and writes what
 * the hub said. Whoever leads hands over by ending.
 */
export interface Tabs {
  /**
   * Calls `begin` when this page leads, once, or never, and then `lost` where another page took that over. `force`: takes it
   * over from whoever leads now. Returns how to withdraw; a leader that withdraws hands over.
   */
  lead(begin: () => void, lost: () => void, force: boolean): () => void;
  /** Is there under that name until withdrawn, or until the page ends; calls once it is. */
  stay(page: string, stays: () => void): () => void;
  /** Calls once no page stays under that name. Returns how to stop; has to be called in either case. */
  gone(page: string, left: () => void): () => void;
  /** To all other pages. Structured-cloneable. */
  post(message: unknown): void;
  listen(listener: (message: unknown) => void): () => void;
}

export interface Platform {
  readonly name: string;
  readonly transport: Transport;
  /** The store of that name; made where there is none. */
  open(name: string): Promise<Storage>;
  readonly surroundings: Surroundings;
  /** Absent where a device is one process. */
  tabs?(name: string): Tabs;
  /** Calls when trying to connect again makes sense: visible again, online again, awake again. */
  onWake?(listener: () => void): () => void;
}
