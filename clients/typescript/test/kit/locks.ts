interface Request {
  readonly shared: boolean;
  run(): Promise<void>;
  reject(error: Error): void;
}

/** One lock: who holds it, and who waits, in order. */
class Lock {
  readonly #held = new Set<Request>();
  #waiting: Request[] = [];

  wait(request: Request): void {
    this.#waiting.push(request);
    this.#grantLater();
  }

  steal(request: Request): void {
    for (const each of this.#held) each.reject(new DOMException("stolen", "AbortError"));
    this.#held.clear();
    this.#waiting.unshift(request);
    this.#grantLater();
  }

  withdraw(request: Request): void {
    if (!this.#waiting.includes(request)) return;
    this.#waiting = this.#waiting.filter((each) => each !== request);
    request.reject(new DOMException("withdrawn", "AbortError"));
    this.#grantLater();
  }

  #grantLater(): void {
    setImmediate(() => this.#grant());
  }

  #grant(): void {
    const [next] = this.#waiting;
    if (next === undefined || [...this.#held].some((each) => !each.shared || !next.shared)) return;
    this.#waiting.shift();
    this.#held.add(next);
    void next.run().finally(() => {
      this.#held.delete(next);
      this.#grantLater();
    });
    this.#grantLater();
  }
}

/** Web Locks as the specification has them: granted in order, each in a task of its own. */
export class FakeLocks {
  readonly #locks = new Map<string, Lock>();

  request(name: string, options: LockOptions, granted: () => Promise<void>): Promise<void> {
    const { signal, steal, mode } = options;
    if (steal && signal !== undefined) return Promise.reject(new DOMException("both", "NotSupportedError"));
    const lock = this.#locks.get(name) ?? new Lock();
    this.#locks.set(name, lock);
    return new Promise((resolve, reject) => {
      const request = { shared: mode === "shared", reject, run: () => granted().then(resolve, reject) };
      signal?.addEventListener("abort", () => lock.withdraw(request));
      if (steal) lock.steal(request);
      else lock.wait(request);
    });
  }
}
