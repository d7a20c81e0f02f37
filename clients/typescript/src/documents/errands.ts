/** Documents that nobody has open, and in which edits wait: opened a few at a time, until the hub has answered. */
import type { Internals } from "../internals.js";
import type { DocumentTopic } from "./document-topic.js";

/** How many are open for that at once. */
const MOST = 4;
/** ms that a page which follows leaves them to the one that leads: that one may not know how. */
const PATIENCE = 5_000;

/** From now on what waits in such documents is brought to the hub. */
export function runErrands(internals: Internals): void {
  const { unopened } = internals;
  const going = new Set<string>();
  let patient = false;

  function begin(): void {
    patient = false;
    for (const name of unopened.get().keys()) {
      if (going.size >= MOST) return;
      // What ends an errand before its time ends the device: `connection` tells of it.
      if (!going.has(name)) run(name).catch(() => undefined);
    }
  }

  async function run(name: string): Promise<void> {
    going.add(name);
    const { topic, loaded } = internals.hold(name);
    await loaded;
    await answered(topic as DocumentTopic);
    internals.release(topic);
    going.delete(name);
    begin();
  }

  function look(): void {
    if (unopened.get().size === 0 || patient) return;
    if (internals.leading() !== null) begin();
    else {
      patient = true;
      internals.surroundings.after(PATIENCE, begin);
    }
  }

  unopened.subscribe(look);
  look();
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
