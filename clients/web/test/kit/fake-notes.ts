/** What somebody wrote on the tasks of the fake world. */

import { documentName } from "../../src/task/documents.ts";
import { addEntry, checklistOf, entriesOf, notesOf, setDone } from "../../src/task/shared/checklist.ts";
import type { FakeDocuments } from "./fake-documents.ts";

const STEPS = [
  ["Agree on the glossary with Lin", "和林小雨确认术语表"],
  ["Translate chapters 1 to 9", "翻译第 1 至 9 章"],
  ["Check the screenshots: some still show the old menu", "检查截图：有几张还是旧菜单"],
  ["Proofread, then publish", "校对后发布"],
] as const;

const NOTES = [
  "The glossary is in the wiki. “Hub” stays “Hub”.\n\nOpen: how do we call “lease” in German?",
  "术语表在知识库里。“Hub”保持不译。\n\n待定：“lease” 译成什么？",
] as const;

export function fillNotes(documents: FakeDocuments, zh: boolean): void {
  const doc = documents.elsewhere(documentName("ann", "translate"));
  const list = checklistOf(doc);
  for (const [index, step] of STEPS.entries()) addEntry(list, index, step[zh ? 1 : 0]);
  for (const entry of entriesOf(list).slice(0, 2)) setDone(list, entry, true);
  notesOf(doc).insert(0, NOTES[zh ? 1 : 0]);
}
