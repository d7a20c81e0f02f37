import { rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { WebsocketProvider } from "y-websocket";
import * as Y from "yjs";
import type { Hub, Refused } from "../../src/api.js";
import { openDocument, type Reset } from "../../src/documents/index.js";
import { nodePlatform } from "../../src/node/platform.js";
import { createHub } from "../../src/session/hub.js";
import { has, settled, textIs, textOf, write } from "../kit/documents.js";
import { temporaryFolder } from "../kit/folder.js";
import { realHub } from "../kit/real-hub.js";
import { until } from "../kit/until.js";

const server = await realHub();
const folder = temporaryFolder();
let names = 0;
const fresh = (): string => `notes-${names++}`;

function device(user: string, store?: string): Hub {
  const place = store === undefined ? {} : { store: join(folder, store) };
  const hub = createHub(nodePlatform(place), { url: server.url, token: server.token(user), ...place });
  onTestFinished(() => hub.close());
  return hub;
}

it("brings one device's edits to another, and both to the same text", async () => {
  const name = fresh();
  const one = openDocument(device("ann"), name);
  const two = openDocument(device("ann"), name);
  write(one, "hello");
  await textIs(two, "hello");
  write(two, " there");
  await textIs(one, "hello there");
  await Promise.all([settled(one), settled(two)]);
  expect([one.access.get(), one.refusal.get()]).toEqual(["write", null]);
});

it("brings together what two devices wrote while the hub was away, and it was killed under them", async () => {
  const name = fresh();
  const [first, second] = [device("ann", "first"), device("ann", "second")];
  const [one, two] = [openDocument(first, name), openDocument(second, name)];
  write(one, "kept ");
  await textIs(two, "kept ");
  await Promise.all([settled(one), settled(two)]);
  await server.kill();
  await until(first.connection, ({ state }) => state === "waiting");
  one.doc.getText("t").insert(0, "one ");
  write(two, "two");
  expect([one.unsaved.get(), two.unsaved.get()]).toEqual([1, 1]);
  await second.close();
  const again = device("ann", "second");
  const reopened = openDocument(again, name);
  await reopened.loaded;
  expect(textOf(reopened.doc)).toBe("kept two");
  await server.start();
  first.wake();
  again.wake();
  await Promise.all([textIs(one, "one kept two"), textIs(reopened, "one kept two")]);
  await Promise.all([settled(one), settled(reopened)]);
  expect([first.unsaved.get(), again.unsaved.get()]).toEqual([0, 0]);
});

it("meets a y-websocket provider on the same document", async () => {
  const name = fresh();
  const document = openDocument(device("ann"), name);
  const theirs = new Y.Doc();
  const provider = new WebsocketProvider(`${server.url.replace("http", "ws")}/yjs/doc`, name, theirs, {
    params: { token: server.token("ann") },
    WebSocketPolyfill: WebSocket as unknown as typeof globalThis.WebSocket,
    disableBc: true,
  });
  onTestFinished(() => provider.destroy());
  write(document, "from here");
  await new Promise<void>((resolve) => {
    theirs.on("update", () => {
      if (textOf(theirs) === "from here") resolve();
    });
  });
  theirs.getText("t").insert(0, "and there ");
  await textIs(document, "and there from here");
});

it("tells of an edit that the hub refuses, and goes on with another Doc that holds what the hub has", async () => {
  const name = fresh();
  const owner = openDocument(device("ann"), name);
  write(owner, "ann's");
  await settled(owner);
  const invited = await server.request("PUT", `/v1/docs/${name}/members/bob`, server.token("ann"), {
    access: "read",
  });
  expect(invited.status).toBe(200);
  const bob = device("bob");
  const document = openDocument(bob, name);
  await textIs(document, "ann's");
  expect(document.access.get()).toBe("read");
  const refused: Refused[] = [];
  const resets: Reset[] = [];
  bob.onRefused((each) => refused.push(each));
  document.onReset((reset) => resets.push(reset));
  const former = document.doc;
  document.awareness.setLocalStateField("user", { name: "bob" });
  write(document, " and bob's");
  write(document, ", too");
  await textIs(document, "ann's");
  expect(refused).toEqual([
    {
      topic: `doc/${name}`,
      item: "",
      field: "update",
      value: null,
      code: "forbidden",
      message: expect.any(String),
    },
  ]);
  expect(resets).toEqual([{ doc: document.doc, former }]);
  expect(textOf(former)).toBe("ann's and bob's, too");
  expect(document.doc).not.toBe(former);
  expect(document.awareness.getLocalState()).toEqual({ user: { name: "bob" } });
  expect(document.awareness.clientID).toBe(document.doc.clientID);
  expect(document.unsaved.get()).toBe(0);
  write(owner, " again");
  await textIs(document, "ann's again");
});

it("says why a document can't be opened, and keeps quiet about it otherwise", async () => {
  const name = fresh();
  write(openDocument(device("ann"), name), "ann's");
  const owner = openDocument(device("ann"), name);
  await textIs(owner, "ann's");
  const document = openDocument(device("eve"), name);
  expect((await until(document.refusal, (refusal) => refusal !== null))?.code).toBe("forbidden");
  expect(textOf(document.doc)).toBe("");
});

it("shows who else is there, and what they point at, until they leave", async () => {
  const name = fresh();
  const [ann, bob] = [openDocument(device("ann"), name), openDocument(device("ann"), name)];
  ann.awareness.setLocalStateField("cursor", 3);
  bob.awareness.setLocalState({ cursor: 5, user: "bob" });
  await sees(ann, [{ cursor: 5, user: "bob" }]);
  await sees(bob, [{ cursor: 3 }]);
  bob.awareness.setLocalStateField("cursor", 6);
  await sees(ann, [{ cursor: 6, user: "bob" }]);
  bob.close();
  await sees(ann, []);
});

it("brings back to another history what an unsaved edit builds on", async () => {
  const name = fresh();
  const hub = device("ann");
  const document = openDocument(hub, name);
  write(document, "lost with the disk. ");
  await settled(document);
  await server.kill();
  for (const end of ["", "-wal", "-shm"]) await rm(join(server.data, `tongbu.db${end}`), { force: true });
  write(document, "Unsaved.");
  const former = document.doc;
  await server.start();
  hub.wake();
  await has(document, (doc) => doc !== former && textOf(doc) === "lost with the disk. Unsaved.");
  await settled(document);
  const other = openDocument(device("ann"), name);
  await textIs(other, "lost with the disk. Unsaved.");
});

function sees(document: ReturnType<typeof openDocument>, wanted: readonly unknown[]): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      const { awareness } = document;
      const others = [...awareness.getStates()].filter(([id]) => id !== awareness.clientID);
      if (JSON.stringify(others.map(([, state]) => state)) !== JSON.stringify(wanted)) return;
      awareness.off("change", look);
      resolve();
    };
    document.awareness.on("change", look);
    look();
  });
}
