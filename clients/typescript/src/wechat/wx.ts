/** What is used of `wx`, as its documentation has it, so that nobody needs typings of it. */

export interface Wx {
  connectSocket(options: { url: string; protocols: string[]; fail?: (result: Failure) => void }): SocketTask;
  request(options: RequestOptions): { abort(): void };
  setStorage(options: { key: string; data: unknown } & Callbacks<unknown>): void;
  getStorage(options: { key: string } & Callbacks<{ data: unknown }>): void;
  removeStorage(options: { key: string } & Callbacks<unknown>): void;
  getStorageInfo(options: Callbacks<{ keys: string[] }>): void;
  onAppShow(listener: () => void): void;
  offAppShow?(listener: () => void): void;
  onNetworkStatusChange(listener: (status: { isConnected: boolean }) => void): void;
  offNetworkStatusChange?(listener: never): void;
  /** From base library 2.15.0. */
  getRandomValues?(options: { length: number } & Callbacks<{ randomValues: ArrayBuffer }>): void;
}

export interface SocketTask {
  onOpen(listener: () => void): void;
  onMessage(listener: (message: { data: string | ArrayBuffer }) => void): void;
  onClose(listener: (close: { code?: number; reason?: string }) => void): void;
  onError(listener: (error: Failure) => void): void;
  send(options: { data: ArrayBuffer }): void;
  close(options: { code: number }): void;
}

/** Those that `wx.request` knows; PATCH is none of them. */
export const METHODS = ["OPTIONS", "GET", "HEAD", "POST", "PUT", "DELETE", "TRACE", "CONNECT"] as const;
export type Method = (typeof METHODS)[number];

export interface RequestOptions {
  url: string;
  method: Method;
  header: Record<string, string>;
  data?: ArrayBuffer;
  responseType: "arraybuffer";
  /** From base library 3.2.2; before, redirects are followed. */
  redirect: "manual";
  /** ms */
  timeout: number;
  success(result: { statusCode: number; data: unknown }): void;
  fail(result: Failure): void;
}

export interface Callbacks<Result> {
  success?: (result: Result) => void;
  fail?: (result: Failure) => void;
}

export interface Failure {
  readonly errMsg?: string;
}
