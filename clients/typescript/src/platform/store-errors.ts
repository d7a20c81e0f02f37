import { TongbuError } from "../errors.js";

/** Another process or page uses this store: only one at a time may. */
export class StoreInUse extends TongbuError {
  constructor(message: string) {
    super("store_in_use", message);
  }
}

/** The store can't be read or written, is none, or was written by a newer version. */
export class StoreUnusable extends TongbuError {
  constructor(message?: string) {
    super("store_unusable", message);
  }
}
