import { hostname } from "node:os";
import { basename } from "node:path";
import { memoryStorage } from "../platform/memory-storage.js";
import { systemSurroundings } from "../platform/surroundings.js";
import { webTransport } from "../platform/web-transport.js";
import type { Platform } from "../ports.js";
import { fileStorage } from "./file-storage.js";
import { socketOpener, type WebSocketClass } from "./web-socket.js";

/** Characters of a device's name, as the hub takes them. */
const MOST_NAME = 100;

export interface NodePlace {
  /** A file of this program's own, made where there is none; absent: in memory, gone with the process. */
  readonly store?: string;
  /** For bundlers, and Node before 22: `WebSocket` of the package `ws`. */
  readonly WebSocket?: WebSocketClass;
}

/** This process. */
export function nodePlatform(place: NodePlace = {}): Platform {
  const { store } = place;
  return {
    name: "node",
    transport: webTransport(socketOpener(place.WebSocket), (url, init) => fetch(url, init)),
    open: async () => (store === undefined ? memoryStorage() : fileStorage(store)),
    surroundings: systemSurroundings({
      random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
      monotonic: () => performance.now(),
    }),
  };
}

/** What people see of this program in the list of devices: `backup.js on worker-1`. */
export function programName(): string {
  const host = hostname();
  const script = process.argv[1];
  return (script === undefined ? host : `${basename(script)} on ${host}`).slice(0, MOST_NAME);
}
