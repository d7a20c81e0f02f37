import { openDocument } from "@tongbu/client/documents";
import { connect, TongbuError } from "@tongbu/client/node";

const hub = connect({
  url: process.env.TONGBU_URL ?? "http://127.0.0.1:8787",
  token: process.env.TONGBU_TOKEN ?? "",
  store: "document.tongbu",
});
const list = openDocument(hub, "lists/shopping");
await list.loaded;

// What the command line says is added at once, also without a hub.
const entries = list.doc.getArray<string>("entries");
entries.push(process.argv.slice(2));

await new Promise<void>((resolve, reject) => {
  const look = (): void => {
    const connection = hub.connection.get();
    const refused = connection.state === "refused" ? connection : list.refusal.get();
    if (refused) reject(new TongbuError(refused.code, refused.message));
    else if (list.inSync.get()) resolve();
  };
  for (const each of [list.inSync, list.refusal, hub.connection]) each.subscribe(look);
  look();
});
await hub.flush(10_000);
for (const entry of entries) console.log("-", entry);
await hub.close();
