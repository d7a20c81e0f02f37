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
