import type { Awareness } from "y-protocols/awareness";
import type { Refused } from "../api.js";
import { STATE_BYTES } from "../session/presence.js";
import { fits, OTHERS, quietAwareness, saidOf, showOthers } from "./awareness.js";
import type { DocumentTopic } from "./document-topic.js";

/** Who hears of what a page shows of itself. */
export interface PresenceListener {
  /** Others should see something else of this page. */
  changed(): void;
  /** It is too much: others go on seeing what they saw. Said once, until it is less again. */
  refused(refused: Refused): void;
}

/** What one page shows of itself in a document, and is shown of others: an `Awareness` for each `Doc` it has. */
export class PresenceOf {
  awareness: Awareness;
  readonly #topic: DocumentTopic;
  readonly #listener: PresenceListener;
  #readers = 0;
  #tooBig = false;

  constructor(topic: DocumentTopic, listener: PresenceListener) {
    this.#topic = topic;
    this.#listener = listener;
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
      this.#show(awareness);
    });
    return awareness;
  }

  #show(awareness: Awareness): void {
    const said = saidOf(awareness);
    const [before, tooBig] = [this.#tooBig, !fits(said)];
    this.#tooBig = tooBig;
    if (!tooBig) {
      this.#topic.presence.own = said;
      this.#listener.changed();
    } else if (!before) this.#listener.refused(refusedIn(this.#topic.name));
  }

  /** The `Doc` became another: so does the Yjs client id by which this page is known. */
  #follow(): void {
    const state = this.awareness.getLocalState();
    this.awareness = this.#made();
    this.awareness.setLocalState(state);
    showOthers(this.awareness, this.#topic.presence.others.get());
  }
}

function refusedIn(topic: string): Refused {
  const message = `What a page shows of itself is at most ${STATE_BYTES} bytes.`;
  return { topic, item: "", field: "presence", value: null, code: "too_big", message };
}
