import { connect, type Item } from "@tongbu/client/node";

const hub = connect({
  url: process.env.TONGBU_URL ?? "http://127.0.0.1:8787",
  token: process.env.TONGBU_TOKEN ?? "",
  store: "watch.tongbu",
});
const inbox = hub.inbox();

function show(item: Item): void {
  const mark = item.read ? " " : "•";
  const state = item.task ? ` ${item.task.status} ${Math.round(item.task.progress * 100)}%` : "";
  console.log(`${mark} ${item.title}${state}`);
}

await inbox.loaded;
inbox.items.get().forEach(show);
console.log(inbox.counts.get());

// What changes costs what it touches, however many items there are.
inbox.watch((changed) => {
  const ids = changed === "all" ? inbox.items.get().map((item) => item.id) : changed;
  for (const id of ids) {
    const item = inbox.get(id);
    if (item && !item.deleted) show(item);
  }
});
hub.connection.subscribe((connection) => {
  console.log(`(${connection.state})`);
  if (connection.state !== "refused") return;
  console.error(connection.message);
  process.exitCode = 1;
  void hub.close();
});
process.once("SIGINT", () => void hub.close());
