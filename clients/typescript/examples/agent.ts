import { connect, TongbuError } from "@tongbu/client/node";

const STEPS = ["fetch", "transform", "load"];

const hub = connect({
  url: process.env.TONGBU_URL ?? "http://127.0.0.1:8787",
  token: process.env.TONGBU_TOKEN ?? "",
  store: "agent.tongbu",
});
const task = hub.inbox().start({ title: "Nightly import", source: "agent", tags: ["import"] });

// Somebody may cancel the task on their phone.
const canceled = () => task.item.get()?.task?.status === "canceled";

try {
  for (const [number, step] of STEPS.entries()) {
    if (canceled()) break;
    await new Promise((resolve) => setTimeout(resolve, 100)); // the work itself
    task.progress((number + 1) / STEPS.length, step);
  }
  if (!canceled()) task.finish();
} catch (error) {
  task.fail(error instanceof Error ? error.name : "failed");
}

const saved = await hub.flush(10_000);
const connection = hub.connection.get();
const { status, progress } = task.item.get()?.task ?? {};
await hub.close();
// A token that is not taken, say: it is kept, and said with another one.
if (connection.state === "refused") throw new TongbuError(connection.code, connection.message);
console.log(status, progress, saved ? "taken by the hub" : "kept, and said when the hub can be reached");
