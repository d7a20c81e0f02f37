import type { Readable } from "@tongbu/client";

/** A readable of the page's own. Setting the same value again tells nobody. */
export class Value<Content> implements Readable<Content> {
  #content: Content;
  readonly #listeners = new Set<(content: Content) => void>();

  constructor(content: Content) {
    this.#content = content;
  }

  get(): Content {
    return this.#content;
  }

  set(content: Content): void {
    if (content === this.#content) return;
    this.#content = content;
    for (const listener of [...this.#listeners]) listener(content);
  }

  subscribe(listener: (content: Content) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }
}
