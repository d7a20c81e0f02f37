/** Updates (Yjs v1) that are larger than a message takes, cut where the hub can take one part after the other. */
import * as Y from "yjs";

type Struct = ReturnType<typeof Y.decodeUpdate>["structs"][number];

export interface Split {
  readonly part: Uint8Array;
  readonly rest: Uint8Array;
}

/** What is taken of one client's structs. */
interface Run {
  readonly structs: readonly Struct[];
  readonly start: number;
  readonly end: number;
  /** Up to here all is taken. */
  clock: number;
  taken: number;
  readonly bytes: Uint8Array[];
}

/** Bytes before a client's structs, more than enough: how many, of whom, from where; once more for the whole. */
const RUN_HEAD = 24;

/**
 * The largest part of at most about `room` bytes that builds only on what comes before `update`, and the rest, which holds
 * all that is deleted. Null where nothing can be cut off: one struct, such as bytes, is larger than that.
 */
export function splitUpdate(update: Uint8Array, room: number): Split | null {
  const runs = runsOf(Y.decodeUpdate(update).structs);
  let left = room - RUN_HEAD;
  let before: number;
  do {
    before = left;
    for (const run of runs.values()) left -= take(run, runs, left);
  } while (left < before);
  return cut(update, runs);
}

/** Takes what can be taken of one client's structs, a last one in part; answers with the bytes used. */
function take(run: Run, runs: ReadonlyMap<number, Run>, room: number): number {
  let left = room;
  for (let struct = next(run); struct !== undefined && ready(struct, runs); struct = next(run)) {
    const head = run.taken === 0 ? RUN_HEAD : 0;
    const bytes = fitted(struct, left - head);
    if (bytes === null) break;
    left -= bytes.length + head;
    run.bytes.push(bytes);
    run.clock = struct.id.clock + lengthOf(struct);
    run.taken += 1;
  }
  return room - left;
}

/** The next one; none after one that was taken in part. */
function next(run: Run): Struct | undefined {
  const struct = run.structs[run.taken];
  return struct?.id.clock === run.clock ? struct : undefined;
}

function runsOf(structs: readonly Struct[]): Map<number, Run> {
  const byClient = new Map<number, Struct[]>();
  for (const struct of structs) {
    const known = byClient.get(struct.id.client);
    if (known) known.push(struct);
    else byClient.set(struct.id.client, [struct]);
  }
  const runs = new Map<number, Run>();
  for (const [client, own] of byClient) {
    const [start, last] = [own[0]?.id.clock ?? 0, own[own.length - 1] as Struct];
    const end = last.id.clock + last.length;
    runs.set(client, { structs: own, start, end, clock: start, taken: 0, bytes: [] });
  }
  return runs;
}

/** Whether all that it builds on was taken, or is not of this update. */
function ready(struct: Struct, runs: ReadonlyMap<number, Run>): boolean {
  return buildsOn(struct).every(({ client, clock }) => {
    const run = runs.get(client);
    return run === undefined || clock < run.clock || clock >= run.end;
  });
}

/** What a struct names, besides what its client did before. */
function buildsOn(struct: Struct): Y.ID[] {
  if (!(struct instanceof Y.Item)) return [];
  const { origin, rightOrigin, parent } = struct;
  return [origin, rightOrigin, parent].filter((each): each is Y.ID => each instanceof Y.ID);
}

/** A struct, or as much of it as goes into `room`, which it is from then on; null where nothing does. */
function fitted(struct: Struct, room: number): Uint8Array | null {
  let bytes = written(struct);
  while (bytes.length > room) {
    const half = struct instanceof Y.Item ? halfOf(struct.content) : 0;
    if (half === 0) return null;
    (struct as Y.Item).content.splice(half);
    bytes = written(struct);
  }
  return bytes;
}

/** Where to cut: not within one character. */
function halfOf(content: Y.Item["content"]): number {
  const half = Math.floor(content.getLength() / 2);
  const last = content instanceof Y.ContentString ? content.str.charCodeAt(half - 1) : 0;
  return last >= 0xd800 && last <= 0xdbff ? half - 1 : half;
}

function lengthOf(struct: Struct): number {
  return struct instanceof Y.Item ? struct.content.getLength() : struct.length;
}

function written(struct: Struct): Uint8Array {
  const encoder = new Y.UpdateEncoderV1();
  struct.write(encoder, 0);
  return encoder.toUint8Array();
}

function cut(update: Uint8Array, runs: ReadonlyMap<number, Run>): Split | null {
  const begun = [...runs].filter(([, { taken }]) => taken > 0);
  if (begun.length === 0) return null;
  const pieces = [numbers(begun.length)];
  for (const [client, run] of begun) pieces.push(numbers(run.taken, client, run.start), ...run.bytes);
  const known = new Map(begun.map(([client, { clock }]) => [client, clock]));
  return {
    part: joined([...pieces, numbers(0)]),
    rest: Y.diffUpdate(update, Y.encodeStateVector(known)),
  };
}

/** Of edits, oldest first, the first and those that can't be without it. */
export function buildingOnFirst(edits: readonly (readonly [id: string, update: Uint8Array])[]): string[] {
  const gone = new Map<number, number>();
  const lost: string[] = [];
  const among = ({ client, clock }: Y.ID): boolean => clock >= (gone.get(client) ?? Number.POSITIVE_INFINITY);
  for (const [id, update] of edits) {
    const { structs, ds } = Y.decodeUpdate(update);
    const deleted = [...ds.clients].flatMap(([client, ranges]) =>
      ranges.map(({ clock, len }) => Y.createID(client, clock + len - 1)),
    );
    const named = [...structs.flatMap((struct) => [struct.id, ...buildsOn(struct)]), ...deleted];
    if (lost.length > 0 && !named.some(among)) continue;
    lost.push(id);
    for (const { client, clock } of structs.map((struct) => struct.id)) {
      gone.set(client, Math.min(clock, gone.get(client) ?? clock));
    }
  }
  return lost;
}

function numbers(...values: readonly number[]): Uint8Array {
  const encoder = new Y.UpdateEncoderV1();
  for (const value of values) encoder.writeLen(value);
  return encoder.toUint8Array();
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((size, { length }) => size + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
