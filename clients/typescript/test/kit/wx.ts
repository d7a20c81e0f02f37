/** A `wx` on real sockets and requests, with WeChat's limits of storage, and its way with programs in the background. */
import { WebSocket } from "ws";
import type { Callbacks, RequestOptions, SocketTask, Wx } from "../../src/wechat/wx.js";

/** Bytes that `wx.setStorage` keeps a key, and in all. */
const MOST_A_KEY = 1024 * 1024;
const MOST = 10 * 1024 * 1024;

export interface FakeWx extends Wx {
  /** What WeChat keeps of the program, also after it ended. */
  readonly kept: Map<string, string>;
  /** Calls of `setStorage` and `removeStorage` that succeed from now on; the phone dies after them. */
  writesLeft: number;
  /** Whether requests work in the background, as in a background fetch. */
  allowRequests: boolean;
  /** The program goes to the background, and WeChat ends its sockets. */
  hide(): void;
  show(): void;
  /** Sockets that are open or opening. */
  readonly sockets: ReadonlySet<WebSocket>;
}

/** @param kept what an earlier run of the program left. */
export function fakeWx(kept = new Map<string, string>()): FakeWx {
  const sockets = new Set<WebSocket>();
  const shown = new Set<() => void>();
  let hidden = false;
  const fake: FakeWx = {
    ...storageOf(kept, () => fake.writesLeft-- > 0),
    kept,
    sockets,
    allowRequests: false,
    writesLeft: Number.POSITIVE_INFINITY,
    connectSocket({ url, protocols, fail }) {
      const works = !hidden && URL.canParse(url) && new URL(url).hostname !== "";
      if (!works) setImmediate(() => fail?.({ errMsg: "connectSocket:fail" }));
      return taskOf(works ? url : "ws://127.0.0.1:1", protocols, sockets);
    },
    request: requestBy(() => hidden && !fake.allowRequests),
    onAppShow: (listener) => void shown.add(listener),
    offAppShow: (listener) => void shown.delete(listener as () => void),
    onNetworkStatusChange: () => undefined,
    getRandomValues({ length, success }) {
      setImmediate(() => success?.({ randomValues: crypto.getRandomValues(new Uint8Array(length)).buffer }));
    },
    hide() {
      hidden = true;
      for (const socket of [...sockets]) socket.terminate();
    },
    show() {
      hidden = false;
      for (const each of [...shown]) each();
    },
  };
  return fake;
}

type StoragePart = Pick<Wx, "setStorage" | "getStorage" | "removeStorage" | "getStorageInfo">;

function storageOf(kept: Map<string, string>, mayWrite: () => boolean): StoragePart {
  return {
    setStorage({ key, data, ...callbacks }) {
      // Half a character does not survive the phone's files.
      const text = JSON.stringify(Buffer.from(String(data)).toString());
      const size = [...kept].reduce(
        (sum, [name, each]) => sum + (name === key ? 0 : Buffer.byteLength(each)),
        0,
      );
      const fits = Buffer.byteLength(text) <= MOST_A_KEY && size + Buffer.byteLength(text) <= MOST;
      later(
        callbacks,
        "setStorage:fail exceed storage max size",
        fits && mayWrite(),
        () => void kept.set(key, text),
      );
    },
    getStorage({ key, ...callbacks }) {
      const data = kept.get(key);
      later(callbacks, "getStorage:fail data not found", data !== undefined, () => ({
        data: JSON.parse(data as string) as unknown,
      }));
    },
    removeStorage({ key, ...callbacks }) {
      later(callbacks, "removeStorage:fail", mayWrite(), () => void kept.delete(key));
    },
    getStorageInfo(callbacks) {
      later(callbacks, "", true, () => ({ keys: [...kept.keys()] }));
    },
  };
}

function later<Result>(
  callbacks: Callbacks<Result>,
  errMsg: string,
  works: boolean,
  run: () => Result,
): void {
  const result = works ? run() : null;
  setImmediate(() => (works ? callbacks.success?.(result as Result) : callbacks.fail?.({ errMsg })));
}

function taskOf(url: string, protocols: string[], sockets: Set<WebSocket>): SocketTask {
  const socket = new WebSocket(url, protocols, { perMessageDeflate: false });
  socket.binaryType = "arraybuffer";
  sockets.add(socket);
  socket.on("close", () => sockets.delete(socket));
  socket.on("error", () => undefined);
  return {
    onOpen: (listener) => void socket.on("open", () => listener()),
    onMessage: (listener) =>
      void socket.on("message", (data: ArrayBuffer, isBinary: boolean) =>
        listener({ data: isBinary ? data : Buffer.from(data).toString() }),
      ),
    onClose: (listener) =>
      void socket.on("close", (code: number, reason: Buffer) =>
        listener({ code, reason: reason.toString() }),
      ),
    onError: (listener) => void socket.on("error", (error: Error) => listener({ errMsg: error.message })),
    send: ({ data }) => socket.send(data),
    close: ({ code }) => socket.close(code),
  };
}

function requestBy(isHidden: () => boolean): Wx["request"] {
  return (options: RequestOptions) => {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), options.timeout);
    const { method, header: headers, data } = options;
    const init = { method, headers, signal: abort.signal, ...(data === undefined ? {} : { body: data }) };
    const asked = isHidden()
      ? Promise.reject(new Error("request:fail interrupted"))
      : fetch(options.url, init);
    asked
      .then(async (answer) =>
        options.success({ statusCode: answer.status, data: await answer.arrayBuffer() }),
      )
      .catch((error: Error) => options.fail({ errMsg: error.message }))
      .finally(() => clearTimeout(timer));
    return { abort: () => abort.abort() };
  };
}
