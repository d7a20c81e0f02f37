import type { Change, Item, Readable, Status, Task } from "@tongbu/client";
import type { FakeLedger } from "./fake-ledger.ts";

/** A task of a fake ledger. */
export class FakeTask implements Task {
  readonly id: string;
  readonly item: Readable<Item | null>;
  readonly #ledger: FakeLedger;

  constructor(ledger: FakeLedger, id: string) {
    this.id = id;
    this.#ledger = ledger;
    this.item = {
      get: () => ledger.get(id),
      subscribe: (listener) => ledger.watch(() => listener(ledger.get(id))),
    };
  }

  progress(value: number, note?: string): Change {
    return this.#ledger.restate(this.id, (state) => ({
      ...state,
      progress: value,
      note: note ?? state.note,
      movedAt: this.#ledger.now(),
    }));
  }

  setStatus(status: Status): Change {
    return this.#ledger.restate(this.id, (state) => ({ ...state, status }));
  }

  pause(): Change {
    return this.setStatus("paused");
  }

  resume(): Change {
    return this.setStatus("running");
  }

  cancel(): Change {
    return this.setStatus("canceled");
  }

  finish(note?: string): Change {
    return this.#end("succeeded", note);
  }

  fail(note?: string): Change {
    return this.#end("failed", note);
  }

  retry(): Change {
    return this.#ledger.restate(this.id, (state) => ({
      ...state,
      attempt: state.attempt + 1,
      status: "queued",
      progress: 0,
      note: null,
      final: null,
    }));
  }

  #end(status: Status, note?: string): Change {
    return this.#ledger.restate(this.id, (state) => ({ ...state, status, note: note ?? state.note }));
  }
}
