/** An application that uses all that a device does by itself: what `npm run size` measures the core by. */
import { createHub, type Platform } from "../src/index.js";

export function run(
  platform: Platform,
  url: string,
  token: () => Promise<string>,
  show: (...what: unknown[]) => void,
): void {
  const hub = createHub(platform, { url, token });
  const inbox = hub.inbox();
  for (const each of [hub.connection, hub.unsaved, hub.storeFailure, hub.user, hub.device])
    each.subscribe(show);
  for (const each of [inbox.items, inbox.counts, inbox.inSync, inbox.access, inbox.presence])
    each.subscribe(show);
  hub.onRefused(show);
  inbox.watch(show);
  inbox.setPresence("here");
  const { item, change } = inbox.create({ title: "t" });
  change.durability.subscribe(show);
  change.saved.then(show, show);
  inbox.mark(item.id, { read: true });
  inbox.edit(item.id, { due: hub.now() });
  inbox.readAll();
  const task = inbox.start({ title: "t" });
  task.progress(0.5, "half");
  task.pause();
  task.resume();
  task.finish();
  task.retry();
  task.cancel();
  hub.space("s").items.subscribe(show);
  hub.wake();
  void hub.flush().then(() => hub.close());
}
