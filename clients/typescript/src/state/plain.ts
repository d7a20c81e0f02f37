/** What is stated, as it can be kept and said. */
import type { Json } from "../api.js";
import { Refusal } from "../errors.js";
import { type Packable, pack, unpackAll } from "../protocol/msgpack.js";

/** Arrays and maps that a push puts around a value. */
const AROUND = 4;

/**
 * A copy that is nothing but data, as the hub will read it: nobody changes it later, every store takes it, and no hub ends a
 * connection over it. Throws `bad_value` where there is none: a value that holds itself, or too many within one another.
 */
export function plain(value: unknown): Json {
  try {
    return unpackAll(pack(value as Packable), AROUND)[0] as Json;
  } catch {
    throw new Refusal("bad_value");
  }
}
