import type { Request, Response, Socket, SocketEvents, Transport } from "../ports.js";

/** The subprotocol of the hub's native wire. */
export const SUBPROTOCOL = "tongbu.v1";

/** What the transport needs of a WHATWG `WebSocket`. */
export interface WebSocketLike {
  binaryType: string;
  readonly bufferedAmount: number;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null;
  onerror: ((event: never) => void) | null;
  send(bytes: Uint8Array): void;
  close(code?: number): void;
}

/** Over the standard `WebSocket` and `fetch`, which browsers and Node share. */
export function webTransport(
  open: (url: string, protocol: string) => WebSocketLike,
  fetching: typeof fetch,
): Transport {
  return {
    connect: (url, events) => connectSocket(() => open(url, SUBPROTOCOL), events),
    fetch: (request) => fetchBytes(fetching, request),
  };
}

/** A socket whose `closed` comes once, and soon after `close`, whatever the network does. */
function connectSocket(open: () => WebSocketLike, events: SocketEvents): Socket {
  let socket: WebSocketLike | null = null;
  const end = once((code: number, reason: string) => {
    if (socket !== null) silence(socket);
    events.closed(code, reason);
  });
  try {
    socket = open();
  } catch (error) {
    soon(() => end(1006, error instanceof Error ? error.name : "the address can't be connected to"));
    return { send: () => undefined, buffered: 0, close: () => undefined };
  }
  follow(socket, events, end);
  return socketOver(socket, end);
}

function socketOver(socket: WebSocketLike, end: (code: number, reason: string) => void): Socket {
  return {
    send: (bytes) => socket.send(bytes),
    get buffered() {
      return socket.bufferedAmount;
    },
    close(code) {
      socket.onmessage = null;
      socket.close(code);
      soon(() => end(code, ""));
    },
  };
}

function follow(
  socket: WebSocketLike,
  events: SocketEvents,
  end: (code: number, reason: string) => void,
): void {
  socket.binaryType = "arraybuffer";
  // `ws` throws an error that nobody listens to; `closed` comes after it.
  socket.onerror = () => undefined;
  socket.onopen = () => events.opened();
  socket.onclose = (event) => end(event.code, event.reason);
  socket.onmessage = (event) => {
    if (event.data instanceof ArrayBuffer) {
      events.message(new Uint8Array(event.data));
    } else {
      socket.close();
      end(1003, "the other side does not speak tongbu.v1");
    }
  };
}

function silence(socket: WebSocketLike): void {
  socket.onopen = socket.onmessage = socket.onclose = null;
}

async function fetchBytes(fetching: typeof fetch, request: Request): Promise<Response> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), request.timeout);
  try {
    const { method, headers, body } = request;
    const init = { method, headers, signal: abort.signal, redirect: "manual", cache: "no-store" } as const;
    const answer = await fetching(request.url, body === undefined ? init : { ...init, body: body.slice() });
    return { status: answer.status, body: new Uint8Array(await answer.arrayBuffer()) };
  } finally {
    clearTimeout(timer);
  }
}

/** Only the first call counts. */
export function once<Arguments extends unknown[]>(run: (...values: Arguments) => void) {
  let ran = false;
  return (...values: Arguments): void => {
    if (ran) return;
    ran = true;
    run(...values);
  };
}

/** After what runs now. */
export function soon(run: () => void): void {
  void Promise.resolve().then(run);
}
