import { once, SUBPROTOCOL, soon } from "../platform/web-transport.js";
import type { Request, Response, Socket, SocketEvents, Transport } from "../ports.js";
import { METHODS, type SocketTask, type Wx } from "./wx.js";

/** Over `wx.connectSocket` and `wx.request`. */
export function wxTransport(wx: Wx): Transport {
  return {
    connect: (url, events) => connectSocket(wx, url, events),
    fetch: (request) => fetchBytes(wx, request),
  };
}

function connectSocket(wx: Wx, url: string, events: SocketEvents): Socket {
  const state = { ended: false };
  const end = once((code: number, reason: string) => {
    state.ended = true;
    events.closed(code, reason);
  });
  const task = wx.connectSocket({
    url,
    protocols: [SUBPROTOCOL],
    fail: (failure) => soon(() => end(1006, failure.errMsg ?? "")),
  });
  follow(task, events, end, state);
  return {
    buffered: 0,
    send: (bytes) => task.send({ data: bufferOf(bytes) }),
    close(code) {
      state.ended = true;
      task.close({ code });
      soon(() => end(code, ""));
    },
  };
}

function follow(
  task: SocketTask,
  events: SocketEvents,
  end: (code: number, reason: string) => void,
  state: { readonly ended: boolean },
): void {
  task.onOpen(() => {
    if (!state.ended) events.opened();
  });
  task.onMessage(({ data }) => {
    if (state.ended) return;
    if (typeof data !== "string") return events.message(new Uint8Array(data));
    task.close({ code: 1000 });
    end(1003, "the other side does not speak tongbu.v1");
  });
  task.onClose(({ code, reason }) => end(code ?? 1006, reason ?? ""));
  task.onError(({ errMsg }) => end(1006, errMsg ?? ""));
}

function fetchBytes(wx: Wx, request: Request): Promise<Response> {
  const { url, headers, body, timeout } = request;
  const method = METHODS.find((each) => each === request.method);
  return new Promise((resolve, reject) => {
    if (method === undefined) throw new TypeError(`wx.request knows no ${request.method}`);
    wx.request({
      url,
      method,
      header: { ...headers },
      responseType: "arraybuffer",
      redirect: "manual",
      timeout,
      ...(body === undefined ? {} : { data: bufferOf(body) }),
      success: ({ statusCode, data }) => resolve({ status: statusCode, body: bytesOf(data) }),
      fail: ({ errMsg }) => reject(new Error(errMsg ?? "no answer came")),
    });
  });
}

/** Those bytes alone: a view may lie within a larger buffer. */
function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return bytes.slice().buffer as ArrayBuffer;
}

/** Buffers may come from another realm, so what they are instances of tells nothing; an empty answer may be text. */
function bytesOf(data: unknown): Uint8Array {
  return typeof data === "object" && data !== null ? new Uint8Array(data as ArrayBuffer) : new Uint8Array(0);
}
