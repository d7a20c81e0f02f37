import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import type { Socket, SocketEvents, Transport } from "../../src/ports.js";

/** What every `Transport` promises. */
export function transportContract(name: string, open: () => Transport): void {
  describe(`${name} as a transport`, () => {
    let there: Other;
    beforeAll(async () => {
      there = await otherSide();
    });
    afterAll(() => there.close());

    it("offers tongbu.v1 and carries bytes both ways, in order, as they are", async () => {
      const heard = connect(open(), there.sockets);
      const { socket, protocol } = await there.next();
      expect(protocol).toBe("tongbu.v1");
      await heard.opened;
      heard.socket.send(Uint8Array.of(9, 1, 2, 9).subarray(1, 3));
      heard.socket.send(new Uint8Array(100_000).fill(7));
      expect(await messages(socket, 2)).toEqual([[1, 2], new Array(100_000).fill(7)]);
      socket.send(Uint8Array.of(3));
      socket.send(Uint8Array.of(4, 5));
      socket.close(4401, "another token");
      expect(await heard.closed).toEqual([4401, "another token"]);
      expect(heard.messages).toEqual([Uint8Array.of(3), Uint8Array.of(4, 5)]);
    });

    it("tells once that it closed, soon after close, though the other side is silent", async () => {
      const heard = connect(open(), there.sockets);
      const { socket } = await there.next();
      await heard.opened;
      socket.pause();
      heard.socket.close(1000);
      heard.socket.close(1000);
      expect(await heard.closed).toEqual([1000, ""]);
      socket.resume();
      await there.gone(socket);
      expect(heard.ends).toBe(1);
    });

    it("tells nothing more once it closed", async () => {
      const heard = connect(open(), there.sockets);
      const { socket } = await there.next();
      await heard.opened;
      heard.socket.close(1000);
      socket.send(Uint8Array.of(1));
      await there.gone(socket);
      expect(heard.messages).toEqual([]);
    });

    it("closes with 1006 where nobody listens, where the upgrade is refused, and where the address is none", async () => {
      for (const url of ["ws://127.0.0.1:1/v1/connect", `${there.sockets}/refused`, "ws://"]) {
        const heard = connect(open(), url);
        expect((await heard.closed)[0]).toBe(1006);
        expect(heard.ends).toBe(1);
        heard.socket.close(1000);
      }
    });

    it("ends a conversation in text: the other side is no hub", async () => {
      const heard = connect(open(), there.sockets);
      const { socket } = await there.next();
      socket.send("welcome");
      expect((await heard.closed)[0]).toBe(1003);
      expect(heard.messages).toEqual([]);
    });

    it("says what is asked and gives back status and bytes, whatever the status", async () => {
      const { status, body } = await open().fetch({
        method: "POST",
        url: `${there.requests}/echo`,
        headers: { Authorization: "Bearer t", "Content-Type": "application/msgpack" },
        body: Uint8Array.of(9, 0, 255, 9).subarray(1, 3),
        timeout: 5_000,
      });
      expect(status).toBe(404);
      expect(Buffer.from(body).toString("latin1")).toBe("POST /echo Bearer t application/msgpack \u0000ÿ");
    });

    it("rejects where no answer comes in time, and where nobody listens", async () => {
      const ask = (url: string) => open().fetch({ method: "GET", url, headers: {}, timeout: 50 });
      await expect(ask(`${there.requests}/silence`)).rejects.toThrow();
      await expect(ask("http://127.0.0.1:1/")).rejects.toThrow();
    });
  });
}

interface Heard {
  readonly socket: Socket;
  readonly opened: Promise<void>;
  readonly closed: Promise<[number, string]>;
  readonly messages: Uint8Array[];
  ends: number;
}

function connect(transport: Transport, url: string): Heard {
  const messages: Uint8Array[] = [];
  let events: SocketEvents | null = null;
  const opened = new Promise<void>((resolve) => {
    events = { opened: resolve, message: (bytes) => messages.push(bytes), closed: () => undefined };
  });
  const closed = new Promise<[number, string]>((resolve) => {
    Object.assign(events as object, {
      closed(code: number, reason: string) {
        heard.ends += 1;
        resolve([code, reason]);
      },
    });
  });
  const heard: Heard = { socket: null as unknown as Socket, opened, closed, messages, ends: 0 };
  return Object.assign(heard, { socket: transport.connect(url, events as unknown as SocketEvents) });
}

interface Other {
  readonly sockets: string;
  readonly requests: string;
  next(): Promise<{ readonly socket: WebSocket; readonly protocol: string }>;
  gone(socket: WebSocket): Promise<void>;
  close(): Promise<void>;
}

async function otherSide(): Promise<Other> {
  const server = createServer(async (request, response) => {
    if (request.url === "/silence") return;
    response.writeHead(404).end(await echoed(request));
  });
  const sockets = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request, socket, head) => {
    if (request.url === "/refused") socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    else sockets.handleUpgrade(request, socket, head, (open) => sockets.emit("connection", open));
  });
  const address = `127.0.0.1:${await listening(server)}`;
  return {
    sockets: `ws://${address}`,
    requests: `http://${address}`,
    next: () =>
      new Promise((resolve) =>
        sockets.once("connection", (socket) => resolve({ socket, protocol: socket.protocol })),
      ),
    gone: (socket) =>
      new Promise((resolve) =>
        socket.readyState === socket.CLOSED ? resolve() : socket.once("close", () => resolve()),
      ),
    close: () => closing(server, sockets),
  };
}

function listening(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}

function closing(server: Server, sockets: WebSocketServer): Promise<void> {
  for (const socket of sockets.clients) socket.terminate();
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

async function echoed(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const { method, url, headers } = request;
  const head = `${method} ${url} ${headers.authorization} ${headers["content-type"]} `;
  return Buffer.concat([Buffer.from(head), ...parts]);
}

function messages(socket: WebSocket, count: number): Promise<number[][]> {
  const heard: number[][] = [];
  return new Promise((resolve) => {
    socket.on("message", (data: Buffer) => {
      heard.push([...data]);
      if (heard.length === count) resolve(heard);
    });
  });
}
