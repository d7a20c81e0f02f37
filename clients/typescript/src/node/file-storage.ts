import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { crc32 } from "node:zlib";
import { applyTo, keysOf } from "../platform/keys.js";
import { copyOf } from "../platform/memory-storage.js";
import { StoreUnusable } from "../platform/store-errors.js";
import { textOf, transactionOf } from "../platform/text.js";
import type { Storage } from "../ports.js";
import { takeLock } from "./store-lock.js";

/**
 * A file of lines: the first says what it is, every other is one transaction behind its CRC-32, flushed to disk before
 * `write` resolves. A line that a crash left half is cut off. Once most of the file is of the past, another with only
 * what stands is put in its place.
 */
const HEADER = '{"tongbu":"store","version":1}\n';
/** Bytes below which a file is never written anew. */
const LEAST_COMPACTED = 256 * 1024;

interface OpenFile {
  readonly handle: FileHandle;
  /** Up to where it holds whole transactions, in bytes. */
  end: number;
  /** How long it was when it held only what stood. */
  compacted: number;
}

/**
 * The store in that file, made (for its owner only) where there is none.
 *
 * @throws StoreInUse where another process has it open.
 * @throws StoreUnusable where it can't be read, is no store, or was written by a newer version.
 */
export async function fileStorage(path: string): Promise<Storage> {
  const name = resolve(path);
  const lock = usable(name, () => takeLock(name));
  const rows = new Map<string, unknown>();
  let file = await load(name, rows).catch((error: unknown) => {
    lock.release();
    throw error;
  });
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <Value>(run: () => Promise<Value>): Promise<Value> => {
    const next = last.then(run);
    last = next.catch(() => undefined);
    return next;
  };
  const write = async (puts: ReadonlyMap<string, unknown>, removals: readonly string[]): Promise<void> => {
    lock.check();
    const transaction = { puts: [...puts].map(([key, value]) => [key, copyOf(value)] as const), removals };
    await append(name, file, lineOf(transaction));
    applyTo(rows, transaction.puts, removals);
    // What was forgotten must not be read from the file either: it holds tokens.
    const isForgotten = rows.size === 0 && file.end > file.compacted;
    if (isForgotten || file.end > Math.max(LEAST_COMPACTED, 2 * file.compacted)) {
      file = await compact(name, file, rows);
      await syncFolder(name);
    }
  };
  return {
    list: (prefix) =>
      inTurn(async () => keysOf(rows, prefix).map((key) => [key, copyOf(rows.get(key))] as const)),
    write: (puts, removals) => inTurn(() => write(puts, removals)),
    close: () =>
      inTurn(async () => {
        await file.handle.close();
        lock.release();
      }),
  };
}

type Rows = Map<string, unknown>;

function lineOf(transaction: Parameters<typeof textOf>[0]): Buffer {
  const text = Buffer.from(textOf(transaction));
  const sum = crc32(text).toString(16).padStart(8, "0");
  return Buffer.concat([Buffer.from(`${sum} `), text, Buffer.from("\n")]);
}

async function load(name: string, rows: Rows): Promise<OpenFile> {
  const handle = await opening(name, () =>
    open(name, "a+", 0o600)
      .then((made) => made.close())
      .then(() => open(name, "r+")),
  );
  try {
    const content = await handle.readFile();
    if (content.length < HEADER.length && HEADER.startsWith(content.toString()))
      return await started(name, handle);
    const end = replay(name, content, rows);
    await handle.truncate(end);
    return { handle, end, compacted: end };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function started(name: string, handle: FileHandle): Promise<OpenFile> {
  await handle.write(HEADER, 0);
  await handle.sync();
  await syncFolder(name);
  return { handle, end: HEADER.length, compacted: HEADER.length };
}

/** Applies every whole transaction; answers where the last one ends. */
function replay(name: string, content: Buffer, rows: Rows): number {
  checkHeader(name, content);
  let end = content.indexOf("\n") + 1;
  for (let next = content.indexOf("\n", end); next !== -1; next = content.indexOf("\n", end)) {
    const line = content.subarray(end, next);
    if (crc32(line.subarray(9)) !== Number.parseInt(line.subarray(0, 8).toString(), 16)) break;
    const { puts, removals } = transactionOf(line.subarray(9).toString());
    applyTo(rows, puts, removals);
    end = next + 1;
  }
  return end;
}

function checkHeader(name: string, content: Buffer): void {
  const first = content.subarray(0, content.indexOf("\n") + 1).toString();
  if (first === HEADER) return;
  if (first.startsWith('{"tongbu":"store"')) {
    throw new StoreUnusable(`The store ${name} was written by a newer version; nothing was touched.`);
  }
  throw new StoreUnusable(`${name} is not a store of Tongbu's; choose another path.`);
}

async function append(name: string, file: OpenFile, line: Buffer): Promise<void> {
  await opening(name, async () => {
    await file.handle.write(line, 0, line.length, file.end);
    await file.handle.datasync();
  });
  file.end += line.length;
}

/** Another file with what stands alone, in the place of this one; this one where that can't be made. */
async function compact(name: string, file: OpenFile, rows: Rows): Promise<OpenFile> {
  const draft = `${name}.new`;
  const content = Buffer.concat([Buffer.from(HEADER), lineOf({ puts: [...rows], removals: [] })]);
  const handle = await written(draft, content).catch(() => null);
  if (handle === null) return file;
  const isPut = await rename(draft, name).then(
    () => true,
    () => false,
  );
  await (isPut ? file : { handle }).handle.close().catch(() => undefined);
  return isPut ? { handle, end: content.length, compacted: content.length } : file;
}

async function written(path: string, content: Buffer): Promise<FileHandle> {
  await rm(path, { force: true });
  const handle = await open(path, "wx+", 0o600);
  try {
    await handle.write(content, 0, content.length, 0);
    await handle.sync();
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** So that a crash does not undo a name that was given. */
async function syncFolder(name: string): Promise<void> {
  if (process.platform === "win32") return;
  const folder = await open(dirname(name), "r");
  await folder.sync().finally(() => folder.close());
}

async function opening<Value>(name: string, run: () => Promise<Value>): Promise<Value> {
  return run().catch((error: unknown) => {
    throw unusable(name, error);
  });
}

function usable<Value>(name: string, run: () => Value): Value {
  try {
    return run();
  } catch (error) {
    throw unusable(name, error);
  }
}

function unusable(name: string, error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  if (!/^E[A-Z]/.test(code)) return error;
  return new StoreUnusable(
    `The store ${name} can't be used (${code}): see that its folder exists and has room.`,
  );
}
