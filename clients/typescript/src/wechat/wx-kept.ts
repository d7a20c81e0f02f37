import { StoreUnusable } from "../platform/store-errors.js";
import type { Callbacks, Wx } from "./wx.js";

/** Texts by key, of one owner among those who share `wx.setStorage`. All reject with `StoreUnusable`. */
export interface Kept {
  keys(): Promise<string[]>;
  get(key: string): Promise<string>;
  put(key: string, text: string): Promise<void>;
  remove(key: string): Promise<void>;
}

/** Those whose keys begin with `prefix`; named without it. */
export function keptIn(wx: Wx, prefix: string): Kept {
  return {
    async keys() {
      const { keys } = await asked<{ keys: string[] }>((callbacks) => wx.getStorageInfo(callbacks));
      return keys.filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
    },
    async get(key) {
      const { data } = await asked<{ data: unknown }>((callbacks) =>
        wx.getStorage({ key: prefix + key, ...callbacks }),
      );
      return String(data);
    },
    async put(key, text) {
      await asked((callbacks) => wx.setStorage({ key: prefix + key, data: text, ...callbacks }));
    },
    async remove(key) {
      await asked((callbacks) => wx.removeStorage({ key: prefix + key, ...callbacks }));
    },
  };
}

function asked<Result>(ask: (callbacks: Required<Callbacks<Result>>) => void): Promise<Result> {
  return new Promise((success, reject) => {
    const fail = ({ errMsg }: { readonly errMsg?: string }): void =>
      reject(new StoreUnusable(`The store on this device can't be used (${errMsg ?? "no reason given"}).`));
    ask({ success, fail });
  });
}
