/** The browser's entry in real pages of the system's Chromium, against the real hub. */
import { existsSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { build } from "esbuild";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { connect } from "../../src/browser/index.js";
import type { openDocument } from "../../src/documents/index.js";
import { temporaryFolder } from "../kit/folder.js";
import { realHub } from "../kit/real-hub.js";

const BROWSER = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) =>
  existsSync(path),
);

/** ms that a browser may take to start on a busy machine. */
const START = 60_000;

/** What the page's script puts in its global scope. */
interface Sdk {
  readonly connect: typeof connect;
  readonly openDocument: typeof openDocument;
  hub: ReturnType<typeof connect>;
  document: ReturnType<typeof openDocument>;
}

declare const tongbu: Sdk;

const hub = await realHub();
const publisher = hub.token("publisher", { scopes: ["publish"] });
const folder = temporaryFolder();

describe.runIf(BROWSER !== undefined)("In Chromium", () => {
  let site: Server;
  let context: BrowserContext;
  beforeAll(async () => {
    site = await serve(await bundled());
    context = await chromium.launchPersistentContext(folder, {
      executablePath: BROWSER as string,
      args: ["--no-sandbox"],
    });
  }, START);
  afterAll(async () => {
    await context.close();
    await new Promise((resolve) => site.close(resolve));
  });

  async function opened(user: string): Promise<Page> {
    const page = await context.newPage();
    await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`);
    await page.evaluate(
      ([url, token, store]) => {
        tongbu.hub = tongbu.connect({ url, token, store });
        tongbu.hub.inbox();
        tongbu.document = tongbu.openDocument(tongbu.hub, `${store}/notes`);
      },
      [hub.url, hub.token(user), user] as const,
    );
    return page;
  }

  const online = (page: Page) => page.waitForFunction(() => tongbu.hub.connection.get().state === "online");
  const write = (page: Page, text: string) =>
    page.evaluate((said) => void tongbu.document.doc.getText("t").insert(0, said), text);
  const reads = (page: Page, text: string) =>
    page.waitForFunction((said) => tongbu.document.doc.getText("t").toString() === said, text);
  const shows = (page: Page, id: string, read: boolean) =>
    page.waitForFunction(([item, is]) => tongbu.hub.inbox().get(item)?.read === is, [id, read] as const);
  const publish = (user: string, id: string) =>
    hub.request("POST", `/v1/users/${user}/items`, publisher, { id, kind: "notification", title: id });
  const devices = async (user: string) =>
    ((await hub.request("GET", "/v1/users/me/devices", hub.token(user))).body as { items: unknown[] }).items
      .length;

  it("makes two pages one device, and the second leads once the first is closed", async () => {
    const [first, second] = [await opened("ann"), await opened("ann")];
    await Promise.all([online(first), online(second)]);
    await publish("ann", "n1");
    await Promise.all([shows(first, "n1", false), shows(second, "n1", false)]);
    await second.evaluate(() => tongbu.hub.inbox().mark("n1", { read: true }).saved);
    await shows(first, "n1", true);
    await write(second, "two");
    await reads(first, "two");
    expect(await devices("ann")).toBe(1);
    await first.close();
    await publish("ann", "n2");
    await shows(second, "n2", false);
    await second.close();
  });

  it("goes on within seconds where the page that leads is blocked, which follows once it is not", async () => {
    const [first, second] = [await opened("kim"), await opened("kim")];
    await Promise.all([online(first), online(second)]);
    await publish("kim", "n1");
    await shows(second, "n1", false);
    const blocked = first.evaluate(() => {
      const end = Date.now() + 9_000;
      while (Date.now() < end);
      return tongbu.hub.connection.get().state;
    });
    await second.evaluate(() => tongbu.hub.inbox().mark("n1", { read: true }).saved);
    const third = await opened("kim");
    await online(third);
    await shows(third, "n1", true);
    await blocked;
    await shows(first, "n1", true);
    await first.evaluate(() => tongbu.hub.inbox().mark("n1", { read: false }).saved);
    await Promise.all([shows(second, "n1", false), shows(third, "n1", false)]);
    expect(await devices("kim")).toBe(1);
    await Promise.all([first.close(), second.close(), third.close()]);
  });

  it("takes along what a page showed of itself when it is closed", async () => {
    const [first, second] = [await opened("lea"), await opened("lea")];
    const observer = await opened("zoe");
    const share = { access: "write" } as const;
    await Promise.all([online(first), online(second), online(observer)]);
    await first.evaluate(() => void tongbu.document.doc.getText("t").insert(0, "x"));
    await first.waitForFunction(() => tongbu.hub.unsaved.get() === 0);
    await hub.request(
      "PUT",
      "/v1/docs/lea/notes/members/zoe",
      hub.token("root", { scopes: ["admin"] }),
      share,
    );
    await observer.evaluate(() => void tongbu.openDocument(tongbu.hub, "lea/notes"));
    await second.evaluate(() => tongbu.document.awareness.setLocalState({ user: { name: "second" } }));
    const there = (page: Page, is: boolean) =>
      page.waitForFunction((wanted) => {
        const { awareness } = tongbu.openDocument(tongbu.hub, "lea/notes");
        return [...awareness.getStates().values()].some((state) => state.user?.name === "second") === wanted;
      }, is);
    await there(observer, true);
    await second.close();
    await there(observer, false);
    await Promise.all([first.close(), observer.close()]);
  });

  it("shows without a hub what was kept, and says what was done then, once there is one", async () => {
    const page = await opened("bob");
    await online(page);
    await publish("bob", "n1");
    await shows(page, "n1", false);
    await write(page, "kept");
    await page.waitForFunction(() => tongbu.hub.unsaved.get() === 0);
    await hub.kill();
    await page.waitForFunction(() => tongbu.hub.connection.get().state === "waiting");
    await write(page, "offline, ");
    await page.evaluate(() => void tongbu.hub.inbox().mark("n1", { read: true }));
    await page.evaluate(() => tongbu.hub.close());
    await page.close();
    const again = await opened("bob");
    await Promise.all([shows(again, "n1", true), reads(again, "offline, kept")]);
    expect(await again.evaluate(() => tongbu.hub.inbox().get("n1")?.durability)).toBe("local");
    await hub.start();
    await again.evaluate(() => void window.dispatchEvent(new Event("online")));
    await again.waitForFunction(() => tongbu.hub.unsaved.get() === 0);
    expect(await again.evaluate(() => tongbu.hub.inbox().get("n1")?.durability)).toBe("saved");
    await again.close();
  });

  it("tells why the hub does not take its token", async () => {
    const page = await opened("eve");
    await online(page);
    await page.evaluate(() => tongbu.hub.forget());
    const connection = await page.evaluate(async (url) => {
      const refused = tongbu.connect({ url, token: "none", store: "none" });
      await new Promise<void>((resolve) => {
        refused.connection.subscribe(({ state }) => state === "refused" && resolve());
      });
      return refused.connection.get();
    }, hub.url);
    expect(connection).toMatchObject({ state: "refused", code: "token" });
    await page.close();
  });
});

async function bundled(): Promise<string> {
  const folder = new URL("../../src/", import.meta.url).pathname;
  const contents = `
    export { connect } from "./browser/index.js";
    export { openDocument } from "./documents/index.js";
    export let hub;
    export let document;
  `;
  const stdin = { contents, resolveDir: folder, loader: "ts" } as const;
  const built = await build({
    stdin,
    bundle: true,
    write: false,
    format: "iife",
    globalName: "sdk",
    target: "es2020",
  });
  return `${built.outputFiles[0]?.text}; var tongbu = { ...sdk };`;
}

function serve(script: string): Promise<Server> {
  const server = createServer((request, response) => {
    const isPage = request.url === "/";
    response.setHeader("Content-Type", isPage ? "text/html" : "text/javascript");
    response.end(isPage ? '<!doctype html><title>Pages</title><script src="/sdk.js"></script>' : script);
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}
