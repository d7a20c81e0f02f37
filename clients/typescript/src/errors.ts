/** What can go wrong, as types. `code` is stable; `message` is for people. */

/** Everything this package throws or rejects with. */
export class TongbuError extends Error {
  override readonly name: string = "TongbuError";
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** What a refusal may tell besides its code. */
export interface RefusalDetails {
  /** ms after which trying again makes sense. */
  readonly retryAfter?: number | null;
  /** Index of the refused statement in its push. */
  readonly at?: number | null;
  /** With `gap`: what the hub holds of the document. */
  readonly stateVector?: Uint8Array | null;
}

/**
 * The hub, or a check before anything is said, refuses; nothing was changed. `code` is one of docs/protocol.md §9, also
 * one that a newer hub has added.
 */
export class Refusal extends TongbuError {
  override readonly name = "Refusal";
  readonly retryAfter: number | null;
  readonly at: number | null;
  readonly stateVector: Uint8Array | null;

  constructor(code: string, message: string, details: RefusalDetails = {}) {
    super(code, message);
    this.retryAfter = details.retryAfter ?? null;
    this.at = details.at ?? null;
    this.stateVector = details.stateVector ?? null;
  }
}

/** The other side does not speak this protocol. */
export class Malformed extends TongbuError {
  override readonly name = "Malformed";

  constructor(message = "The message can't be decoded or has the wrong shape.") {
    super("malformed", message);
  }
}
