/** The examples, run as they are against a hub; and what docs/typescript.md shows of them is what they are. */

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { afterAll, describe, expect, it } from "vitest";
import { connect } from "../../src/node/index.js";
import { temporaryFolder } from "../kit/folder.js";
import { hubIsHere, type RealHub, realHub } from "../kit/real-hub.js";
import { until } from "../kit/until.js";

const HERE = new URL("../../", import.meta.url).pathname;
const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(
  existsSync,
);

const PAGE = readFileSync(`${HERE}../../docs/typescript.md`, "utf8");

type Example = ChildProcessByStdio<null, Readable, Readable>;

function start(hub: RealHub, folder: string, user: string, ...args: string[]): Example {
  return startWith(hub, hub.token(user), folder, ...args);
}

function startWith(hub: RealHub, token: string, folder: string, ...args: string[]): Example {
  const env = { ...process.env, TONGBU_URL: hub.url, TONGBU_TOKEN: token, INIT_CWD: folder };
  const command = [`${HERE}scripts/example.mjs`, ...args];
  const run = spawn(process.execPath, command, { env, stdio: ["ignore", "pipe", "pipe"] });
  afterAll(() => void run.kill("SIGKILL"));
  return run;
}

async function textOf(stream: Readable): Promise<string> {
  let text = "";
  for await (const chunk of stream) text += chunk;
  return text;
}

async function ended(run: Example): Promise<{ code: unknown; said: string; complained: string }> {
  const exit = run.exitCode === null ? once(run, "exit") : Promise.resolve([run.exitCode]);
  const [said, complained, [code]] = await Promise.all([textOf(run.stdout), textOf(run.stderr), exit]);
  return { code, said, complained };
}

async function printed(run: Example): Promise<string> {
  const { code, said, complained } = await ended(run);
  expect([code, complained]).toEqual([0, ""]);
  return said;
}

describe.skipIf(!hubIsHere)("examples", async () => {
  const hub = hubIsHere ? await realHub() : ({} as RealHub);

  it("an agent reports, and can be canceled from a phone", async () => {
    const run = start(hub, temporaryFolder(), "ann", "agent");
    expect(await printed(run)).toBe("succeeded 1 taken by the hub\n");

    const phone = connect({ url: hub.url, token: hub.token("ann") });
    const inbox = phone.inbox();
    await until(inbox.inSync, (inSync) => inSync);
    const again = start(hub, temporaryFolder(), "ann", "agent");
    const items = await until(inbox.items, (all) => all.some((item) => item.task?.status === "running"));
    const running = items.find((item) => item.task?.status === "running");
    inbox.task(running?.id ?? "").cancel();
    expect(await printed(again)).toMatch(/^canceled .* taken by the hub\n$/);
    await phone.close();
  });

  it("a watcher shows what is there and what comes", async () => {
    const token = hub.token("ben", { scopes: ["user", "publish"] });
    const notify = (title: string) =>
      hub.request("POST", "/v1/users/ben/items", token, { kind: "notification", title });
    await notify("here before");
    const run = start(hub, temporaryFolder(), "ben", "watch");
    const lines = createInterface(run.stdout)[Symbol.asyncIterator]();
    const line = async (wanted: string): Promise<void> => {
      for (let next = await lines.next(); !next.done; next = await lines.next()) {
        if (next.value === wanted) return;
      }
      throw new Error(`"${wanted}" did not come`);
    };
    await line("(online)");
    await line("• here before");
    await notify("comes");
    await line("• comes");
    run.kill("SIGTERM");
  });

  it("a document is the same for two programs", async () => {
    const first = start(hub, temporaryFolder(), "cleo", "document", "milk");
    expect(await printed(first)).toBe("- milk\n");
    const second = start(hub, temporaryFolder(), "cleo", "document", "tea");
    expect((await printed(second)).split("\n").sort()).toEqual(["", "- milk", "- tea"]);
  });

  it.each(["agent", "watch", "document"])(
    "%s fails with what the hub has against its token",
    async (name) => {
      const { code, said, complained } = await ended(
        startWith(hub, "no.valid.token", temporaryFolder(), name),
      );
      expect(code).toBe(1);
      expect(complained).toMatch(/token/i);
      expect(said).not.toMatch(/taken|kept/);
    },
  );

  it("a publisher writes into somebody else's inbox by command, as the page says", async () => {
    const publisher = connect({ url: hub.url, token: hub.token("monitor", { scopes: ["user", "publish"] }) });
    publisher.inbox();
    await until(publisher.connection, ({ state }) => state === "online");
    const [, line = ""] = /^await hub\.command\("create", (\{ topic: .*)\);$/m.exec(PAGE) ?? [];
    const params = Function(`return ${line}`)() as { [key: string]: string };
    expect(await publisher.command("create", params)).toMatchObject({ title: params.title });
    await publisher.close();
  });

  it.skipIf(!CHROMIUM)("a page shows the inbox and marks what is in it", async () => {
    const site = await served();
    const token = hub.token("dan", { scopes: ["user", "publish"] });
    await hub.request("POST", "/v1/users/dan/items", token, { kind: "notification", title: "Hello" });
    const browser = await chromium.launch({ executablePath: CHROMIUM as string, args: ["--no-sandbox"] });
    afterAll(() => browser.close());
    const page = await browser.newPage();
    const errors: unknown[] = [];
    page.on("pageerror", (error) => errors.push(error));
    await page.goto(`${site}/#${new URLSearchParams({ url: hub.url, token })}`);
    await page.getByText("1 unread").waitFor();
    await page.getByRole("button", { name: "Read", exact: true }).click();
    await page.getByText("0 unread").waitFor();
    await page.getByText("online", { exact: true }).waitFor();
    expect(new URL(page.url()).hash).toBe("");
    const { body } = await hub.request("GET", "/v1/users/me/counts", token);
    expect(body).toMatchObject({ unread: 0 });

    await page.getByRole("button", { name: "Unread" }).click();
    await page.getByRole("button", { name: "Mark all read" }).click();
    await page.getByRole("button", { name: "Unread" }).waitFor();
    expect(errors).toEqual([]);
  });
});

/** The browser example, built and served. */
async function served(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [`${HERE}examples/browser/main.ts`],
    alias: { "@tongbu/client/browser": `${HERE}src/browser/index.ts` },
    bundle: true,
    write: false,
    format: "esm",
    target: "es2020",
  });
  const page = readFileSync(`${HERE}examples/browser/index.html`, "utf8").replace("main.ts", "main.js");
  const server = createServer((request, response) => {
    const script = request.url === "/main.js";
    response.setHeader("Content-Type", script ? "text/javascript" : "text/html");
    response.end(script ? outputFiles[0]?.text : page);
  });
  afterAll(() => void server.close());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("docs/typescript.md", () => {
  const shown = new Map(
    [...PAGE.matchAll(/<!-- (\S+) -->\n```ts\n(.*?)```/gs)].map(([, name, code]) => [name as string, code]),
  );

  it("shows every example of a program", () => {
    const programs = readdirSync(`${HERE}examples`).filter((name) => name.endsWith(".ts"));
    expect([...shown.keys()].filter((name) => !name.includes("/")).sort()).toEqual(programs.sort());
  });

  it.each([...shown])("%s is the example", (name, code) => {
    expect(code).toBe(readFileSync(`${HERE}examples/${name}`, "utf8"));
  });
});
