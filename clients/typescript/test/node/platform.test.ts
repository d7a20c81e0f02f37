import { execFile } from "node:child_process";
import { hostname } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterEach, expect, it, onTestFinished, vi } from "vitest";
import { connect } from "../../src/node/index.js";
import { nodePlatform } from "../../src/node/platform.js";
import type { WebSocketClass } from "../../src/node/web-socket.js";
import type { WebSocketLike } from "../../src/platform/web-transport.js";
import { temporaryFolder } from "../kit/folder.js";
import { until } from "../kit/until.js";

const folder = temporaryFolder();
const NOWHERE = "http://127.0.0.1:1";

afterEach(() => void vi.unstubAllGlobals());

function socketClass(opened: string[], name: string) {
  return class {
    binaryType = "blob";
    bufferedAmount = 0;
    onopen = null;
    onmessage = null;
    onclose = null;
    onerror = null;
    constructor(url: string, protocol: string) {
      opened.push(`${name} ${url} ${protocol}`);
    }
    send(): void {}
    close(): void {}
  } satisfies new (
    url: string,
    protocol: string,
  ) => WebSocketLike;
}

it("opens sockets with the class given, else with Node's own", () => {
  const opened: string[] = [];
  const events = { opened: () => undefined, message: () => undefined, closed: () => undefined };
  vi.stubGlobal("WebSocket", socketClass(opened, "own"));
  nodePlatform().transport.connect("ws://hub/1", events);
  nodePlatform({ WebSocket: socketClass(opened, "given") }).transport.connect("ws://hub/2", events);
  expect(opened).toEqual(["own ws://hub/1 tongbu.v1", "given ws://hub/2 tongbu.v1"]);
});

it.runIf(typeof globalThis.WebSocket === "undefined")(
  "says what to install where there is no WebSocket at all",
  async () => {
    const entry = new URL("../../src/node/index.ts", import.meta.url).pathname;
    const outfile = join(folder, "alone.mjs");
    await build({ entryPoints: [entry], outfile, bundle: true, platform: "node", format: "esm" });
    const script = `const { connect } = await import(${JSON.stringify(pathToFileURL(outfile).href)});
      try { connect({ url: "${NOWHERE}" }); } catch (error) { console.log(error.code, error.message); }`;
    const node = promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], {
      cwd: folder,
    });
    expect((await node).stdout).toMatch(/^no_websocket .*Node 22.*npm install ws/);
  },
);

it("refuses to be a device whose store is open elsewhere, and says so", async () => {
  const options = { url: NOWHERE, token: "t", store: join(folder, "store") };
  const first = connect(options);
  onTestFinished(() => first.close());
  await first.inbox().loaded;
  const second = connect(options);
  onTestFinished(() => second.close());
  const connection = await until(second.connection, ({ state }) => state === "refused");
  expect(connection).toMatchObject({
    code: "store_in_use",
    message: expect.stringContaining("another process"),
  });
});

/** What a hub hears first of a program that is connected with these options. */
async function firstWords(options: { deviceName?: string }): Promise<string> {
  const heard: string[] = [];
  class Speaking {
    readonly bufferedAmount = 0;
    binaryType = "blob";
    onopen: (() => void) | null = null;
    constructor() {
      queueMicrotask(() => this.onopen?.());
    }
    send(bytes: Uint8Array): void {
      heard.push(Buffer.from(bytes).toString("utf8"));
    }
    close(): void {}
  }
  const hub = connect({
    url: NOWHERE,
    token: "t",
    WebSocket: Speaking as unknown as WebSocketClass,
    ...options,
  });
  onTestFinished(() => hub.close());
  await vi.waitFor(() => expect(heard).not.toEqual([]));
  return heard[0] ?? "";
}

it("is called by its script and its machine, so that people tell their programs apart", async () => {
  onTestFinished(() => void vi.unstubAllGlobals());
  vi.stubGlobal("process", { ...process, argv: ["node", "/srv/jobs/backup.js"] });
  expect(await firstWords({})).toContain(`backup.js on ${hostname()}`);
  expect(await firstWords({ deviceName: "Nightly" })).toContain("Nightly");
});

it("keeps nothing where it is given no store", async () => {
  const platform = nodePlatform();
  const [one, two] = [await platform.open("a"), await platform.open("a")];
  await one.write(new Map([["k", 1]]), []);
  expect(await two.list("")).toEqual([]);
});

it("has time and chance", () => {
  const { surroundings } = nodePlatform();
  expect(Math.abs(surroundings.now() - Date.now())).toBeLessThan(1_000);
  const before = surroundings.monotonic();
  expect(surroundings.monotonic()).toBeGreaterThanOrEqual(before);
  expect(new Set([...surroundings.random(64)]).size).toBeGreaterThan(10);
});
