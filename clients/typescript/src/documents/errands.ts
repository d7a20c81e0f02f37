/**
 * Documents that no application has open, and in which edits wait: opened a few at a time, until the hub has answered. What it
 * refuses stays in the store: an application that opens the document, or the next start, asks again.
 */
import type { Internals } from "../internals.js";
import { Batch } from "../session/batch.js";
import type { DocumentListener, DocumentTopic } from "./document-topic.js";

/** How many are open for that at once. */
const MOST = 4;
/** ms that a page which follows leaves them to the one that leads: that one may not know how. */
const PATIENCE = 5_000;

export interface Errands {
  /** From now on what waits in such documents is brought to the hub. */
  begin(): void;
  readonly listener: Pick<DocumentListener, "shelved" | "steppedDown">;
}

export function createErrands(internals: Internals): Errands {
  const { unopened } = internals;
  const going = new Set<DocumentTopic>();
  /** Names of those that the hub refused: not tried again by themselves. */
  const refused = new Set<string>();
  let patient = false;

  function setOut(): void {
    for (const name of unopened.get().keys()) {
      if (going.size >= MOST) return;
      // What ends an errand before its time ends the device: `connection` tells of it.
      if (!refused.has(name)) run(name).catch(() => undefined);
    }
  }

  async function run(name: string): Promise<void> {
    const { topic, loaded } = internals.hold(name) as { topic: DocumentTopic; loaded: Promise<void> };
    if (topic.errand) return internals.release(topic);
    topic.errand = true;
    going.add(topic);
    await loaded;
    await answered(topic);
    end(topic);
    look();
  }

  function end(topic: DocumentTopic): void {
    if (!going.delete(topic)) return;
    topic.errand = false;
    internals.release(topic);
  }

  function look(): void {
    if (unopened.get().size === 0 || patient) return;
    if (internals.leading() !== null) setOut();
    else {
      patient = true;
      internals.surroundings.after(PATIENCE, beg);
    }
  }

  /** Who follows has others do it. */
  function beg(): void {
    const name = [...unopened.get().keys()].find((each) => !refused.has(each));
    patient = false;
    if (internals.leading() !== null) setOut();
    else if (name !== undefined) internals.leadFor(name);
  }

  return {
    begin() {
      unopened.subscribe(look);
      look();
    },
    listener: {
      shelved(topic, edits) {
        refused.add(topic.name);
        unopened.set(new Map([...unopened.get(), [topic.name, edits]]));
        end(topic);
        // It is closed before anybody is told, so that who opens it then gets what waits.
        internals.leading()?.save(new Batch());
      },
      steppedDown: end,
    },
  };
}

/** Once the hub has every edit, or refused them. */
function answered({ unsavedEdits }: DocumentTopic): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (unsavedEdits.get() > 0) return;
      stop();
      resolve();
    };
    const stop = unsavedEdits.subscribe(look);
    look();
  });
}
