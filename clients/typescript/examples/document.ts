import { openDocument } from "@tongbu/client/documents";
import { connect } from "@tongbu/client/node";

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

await new Promise<void>((resolve) => {
  const look = (inSync: boolean): void => {
    if (inSync) resolve();
  };
  list.inSync.subscribe(look);
  look(list.inSync.get());
});
await hub.flush(10_000);
for (const entry of entries) console.log("-", entry);
await hub.close();
