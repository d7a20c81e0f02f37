/** What can go wrong beside what the hub and its rules refuse. */
import type { Refused } from "../api.js";
import { Refusal, TongbuError } from "../errors.js";

/** What was said earlier and the hub did not take; `refused` tells what it was. */
export class RefusedStatement extends Refusal {
  readonly refused: Refused;

  constructor(refused: Refused) {
    super(refused.code, refused.message);
    this.refused = refused;
  }
}

/** The hub can't be reached now. */
export class NotConnected extends TongbuError {
  constructor(message?: string) {
    super("not_connected", message);
  }
}

/** Too much waits for the hub already; nothing was entered. */
export class OutboxFull extends TongbuError {
  constructor() {
    super("outbox_full");
  }
}

/** The token is of another user than the store: give each user one of their own. */
export class WrongUser extends TongbuError {
  constructor() {
    super("wrong_user");
  }
}

/** The hub was closed here. */
export class Closed extends TongbuError {
  constructor() {
    super("closed");
  }
}
