/** The real hub as a process: started, killed, started again on the same folder and port. */
import { type ChildProcess, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll } from "vitest";
import { temporaryFolder } from "./folder.js";

const COMMAND = process.env.TONGBU_HUB ?? new URL("../../../../.venv/bin/hub", import.meta.url).pathname;

/** Whether there is a hub to try with. */
export const hubIsHere = existsSync(COMMAND);

export interface TokenOptions {
  readonly scopes?: readonly string[];
  /** Seconds. */
  readonly ttl?: number;
  readonly device?: string;
}

export interface RealHub {
  /** `http://127.0.0.1:…`, the same after a restart. */
  readonly url: string;
  readonly data: string;
  start(): Promise<void>;
  kill(): Promise<void>;
  token(user: string, options?: TokenOptions): string;
  /** A request as JSON; the answer's JSON, null where there is none. */
  request(
    method: string,
    path: string,
    token: string,
    body?: unknown,
  ): Promise<{ status: number; body: unknown }>;
}

/** A hub of this test file's own, running; ended with it. */
export async function realHub(...options: readonly string[]): Promise<RealHub> {
  const data = join(temporaryFolder(), "data");
  let port = 0;
  let running: ChildProcess | null = null;
  const hub: RealHub = {
    get url() {
      return `http://127.0.0.1:${port}`;
    },
    data,
    async start() {
      const given = ["serve", "--dev", "--data", data, "--port", String(port), ...options];
      running = spawn(COMMAND, given, { stdio: ["ignore", "pipe", "ignore"] });
      port = await readyPort(running);
    },
    async kill() {
      const ended = running;
      running = null;
      if (ended === null) return;
      const over = once(ended, "exit");
      ended.kill("SIGKILL");
      await over;
    },
    token: (user, about) => tokenFor(readFileSync(join(data, "secret")), user, about),
    request: (method, path, token, body) => request(`${hub.url}${path}`, method, token, body),
  };
  afterAll(() => hub.kill());
  await hub.start();
  return hub;
}

async function readyPort(running: ChildProcess): Promise<number> {
  if (running.stdout === null) throw new Error("no output");
  for await (const line of createInterface(running.stdout)) {
    const ready = /^ready http:\/\/127\.0\.0\.1:(\d+)/.exec(line);
    if (ready !== null) return Number(ready[1]);
  }
  throw new Error("the hub did not start");
}

function tokenFor(secret: Buffer, user: string, about: TokenOptions = {}): string {
  const { scopes = ["user"], ttl = 3_600, device } = about;
  const now = Date.now() / 1_000;
  const claims = { sub: user, scope: scopes.join(" "), iat: now, exp: now + ttl, ...(device && { device }) };
  const parts = [{ typ: "JWT", alg: "HS256" }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString("base64url"),
  );
  const signed = parts.join(".");
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

async function request(
  url: string,
  method: string,
  token: string,
  body: unknown,
): Promise<{ status: number; body: unknown }> {
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
  const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
  const answer = await fetch(url, init);
  const text = await answer.text();
  return { status: answer.status, body: text === "" ? null : (JSON.parse(text) as unknown) };
}
