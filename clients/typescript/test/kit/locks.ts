/** Web Locks as the specification has exclusive ones: granted in order, each in a task of its own. */
export class FakeLocks {
  readonly #queues = new Map<string, (() => Promise<void>)[]>();

  request(name: string, options: { signal?: AbortSignal }, granted: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const queue = this.#queues.get(name) ?? [];
      this.#queues.set(name, queue);
      const run = () => granted().then(resolve, reject);
      options.signal?.addEventListener("abort", () => {
        const at = queue.indexOf(run);
        if (at > 0) queue.splice(at, 1);
        if (at > 0) reject(new DOMException("withdrawn", "AbortError"));
      });
      queue.push(run);
      if (queue.length === 1) this.#next(queue);
    });
  }

  #next(queue: (() => Promise<void>)[]): void {
    setImmediate(async () => {
      await queue[0]?.();
      queue.shift();
      if (queue.length > 0) this.#next(queue);
    });
  }
}
