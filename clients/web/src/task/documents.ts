/** How a task's shared document is opened. */

import type { Hub } from "@tongbu/client";
import type { Document } from "@tongbu/client/documents";
import { createContext } from "preact";

export type OpenDocument = (hub: Hub, name: string) => Promise<Document>;

/** With its first document a page fetches what documents need, and not before. */
const fetchAndOpen: OpenDocument = async (hub, name) =>
  (await import("@tongbu/client/documents")).openDocument(hub, name);

export const DocumentsContext = createContext<OpenDocument>(fetchAndOpen);

/** The document of an item of somebody's inbox. */
export function documentName(user: string, item: string): string {
  return `inbox/${user}/${item}`;
}

/**
 * Notes that were written offline go to the hub once it can be reached, also where nobody has their task open. What documents
 * need is fetched only where something waits. Returns how to stop.
 */
export function pushOnceOnline(hub: Hub): () => void {
  const look = (): void => {
    if (hub.connection.get().state !== "online" || hub.unsaved.get() === 0) return;
    import("@tongbu/client/documents").then(({ pushDocuments }) => pushDocuments(hub)).catch(() => undefined);
  };
  look();
  return hub.connection.subscribe(look);
}
