import { randomUUID } from "node:crypto";
import { existsSync, linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { StoreInUse } from "../platform/store-errors.js";

/** A process as a file names it: nobody else has both in the same boot of one machine. */
interface Holder {
  readonly pid: number;
  /** What the kernel says of its start; null where it does not tell. */
  readonly started: string | null;
  /** Of this one lock. */
  readonly id: string;
}

/** Taking over what a process that died left behind takes less than this, in ms. */
const TAKEOVER_PATIENCE = 10_000;

export interface StoreLock {
  /** Raises `StoreInUse` where the lock is somebody else's meanwhile. */
  check(): void;
  release(): void;
}

/**
 * Makes a file that says whose the store is. One that a process left behind when it died is taken over.
 *
 * @throws StoreInUse where a process that lives, this one included, holds it.
 */
export function takeLock(path: string): StoreLock {
  const lock = `${path}.lock`;
  const own: Holder = { pid: process.pid, started: startOf(process.pid), id: randomUUID() };
  if (!linked(lock, own)) takeOver(lock, own);
  held.add(own.id);
  const isOwn = (): boolean => read(lock)?.id === own.id;
  return {
    check() {
      if (!isOwn()) throw inUse(lock);
    },
    release() {
      if (isOwn()) rmSync(lock, { force: true });
      held.delete(own.id);
    },
  };
}

/** The ids of this process's own locks. */
const held = new Set<string>();

/** Whether the lock is made now, whole at once; false where there is one. */
function linked(lock: string, own: Holder): boolean {
  const draft = `${lock}.${own.id}`;
  writeFileSync(draft, JSON.stringify(own), { mode: 0o600 });
  try {
    linkSync(draft, lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** One at a time looks whether the holder is dead, and puts itself in its place. */
function takeOver(lock: string, own: Holder): void {
  const turn = `${lock}.takeover`;
  if (existsSync(turn) && Date.now() - statSync(turn).mtimeMs > TAKEOVER_PATIENCE)
    rmSync(turn, { force: true });
  if (!linked(turn, own)) throw inUse(lock);
  try {
    const holder = read(lock);
    if (holder !== null && lives(holder)) throw inUse(lock);
    const draft = `${lock}.${own.id}`;
    writeFileSync(draft, JSON.stringify(own), { mode: 0o600 });
    renameSync(draft, lock);
  } finally {
    rmSync(turn, { force: true });
  }
}

function read(lock: string): Holder | null {
  try {
    return JSON.parse(readFileSync(lock, "utf8")) as Holder;
  } catch {
    return null;
  }
}

function lives(holder: Holder): boolean {
  if (holder.pid === process.pid && holder.started === startOf(process.pid)) return held.has(holder.id);
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  return holder.started === null || holder.started === startOf(holder.pid);
}

/** Boot and start time of a process, as Linux tells them: a number that was given again is another process. */
function startOf(pid: number): string | null {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const status = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = status.slice(status.lastIndexOf(")") + 2).split(" ");
    return `${boot} ${fields[19]}`;
  } catch {
    return null;
  }
}

function inUse(lock: string): StoreInUse {
  return new StoreInUse(
    `The store ${lock.replace(/\.lock$/, "")} is in use by another process. Stop that one first, or give this one a store of its own.`,
  );
}
