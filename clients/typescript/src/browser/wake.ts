/** What the page and the network tell of times when a connection that was given up may work again. */
export function onPageWake(page: Document, view: Window, listener: () => void): () => void {
  const visible = (): void => {
    if (page.visibilityState === "visible") listener();
  };
  const targets: readonly (readonly [EventTarget, string, () => void])[] = [
    [page, "visibilitychange", visible],
    [page, "resume", listener],
    [view, "online", listener],
    [view, "offline", listener],
    [view, "pageshow", listener],
  ];
  for (const [target, event, heard] of targets) target.addEventListener(event, heard);
  return () => {
    for (const [target, event, heard] of targets) target.removeEventListener(event, heard);
  };
}
