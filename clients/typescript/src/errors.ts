/** What can go wrong, as types. `code` is stable; `message` is for people, and where nothing better is known the code in words. */

/** Everything this package throws or rejects with. */
export class TongbuError extends Error {
  override readonly name = "TongbuError";
  readonly code: string;

  constructor(code: string, message = code.replace(/_/g, " ")) {
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
  readonly retryAfter: number | null;
  readonly at: number | null;
  readonly stateVector: Uint8Array | null;

  constructor(code: string, message?: string, { retryAfter, at, stateVector }: RefusalDetails = {}) {
    super(code, message);
    this.retryAfter = retryAfter ?? null;
    this.at = at ?? null;
    this.stateVector = stateVector ?? null;
  }
}

/** The other side does not speak this protocol. */
export class Malformed extends TongbuError {
  constructor() {
    super("malformed");
  }
}
