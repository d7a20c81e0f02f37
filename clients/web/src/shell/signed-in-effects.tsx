/** What happens beside the drawing: the window's title, notes that wait, and what the hub refused is told. */

import { useEffect } from "preact/hooks";
import { explained } from "../model/errors.ts";
import { pushOnceOnline } from "../task/documents.ts";
import { usePage, useSpeech } from "./context.ts";
import { useReadable } from "./readable.ts";

export function SignedInEffects() {
  const { hub, ledger, overlay, router } = usePage();
  const { words } = useSpeech();
  const { unread } = useReadable(ledger.counts);
  const { list, page } = useReadable(router.route);
  const name = page === null ? words.shell.lists[list] : words.shell[page];
  useEffect(() => {
    document.title = words.shell.documentTitle(unread, name);
  }, [unread, name, words]);
  useEffect(() => pushOnceOnline(hub), [hub]);
  useEffect(
    () =>
      hub.onRefused((refused) =>
        overlay.toast.set({ text: words.shell.refused(explained(refused, words.errors)), tone: "problem" }),
      ),
    [hub, overlay, words],
  );
  return null;
}
