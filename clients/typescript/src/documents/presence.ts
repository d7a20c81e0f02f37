import type { Awareness } from "y-protocols/awareness";
import { OTHERS, quietAwareness, saidOf, showOthers } from "./awareness.js";
import type { DocumentTopic } from "./document-topic.js";

/** What one page shows of itself in a document, and is shown of others: an `Awareness` for each `Doc` it has. */
export class PresenceOf {
  awareness: Awareness;
  readonly #topic: DocumentTopic;
  readonly #changed: () => void;
  #readers = 0;

  /** @param changed called when others should see something else of this page. */
  constructor(topic: DocumentTopic, changed: () => void) {
    this.#topic = topic;
    this.#changed = changed;
    this.awareness = this.#made();
    topic.resets.add(() => this.#follow());
    topic.presence.others.subscribe((others) => showOthers(this.awareness, others));
  }

  enter(): void {
    this.#readers += 1;
    if (this.awareness.getLocalState() === null) this.awareness.setLocalState({});
  }

  leave(): void {
    this.#readers -= 1;
    if (this.#readers === 0) this.awareness.setLocalState(null);
  }

  #made(): Awareness {
    const awareness = quietAwareness(this.#topic.doc);
    awareness.on("update", (_: unknown, origin: unknown) => {
      if (origin === OTHERS || awareness !== this.awareness) return;
      this.#topic.presence.own = saidOf(awareness);
      this.#changed();
    });
    return awareness;
  }

  /** The `Doc` became another: so does the Yjs client id by which this page is known. */
  #follow(): void {
    const state = this.awareness.getLocalState();
    this.awareness = this.#made();
    this.awareness.setLocalState(state);
    showOthers(this.awareness, this.#topic.presence.others.get());
  }
}
