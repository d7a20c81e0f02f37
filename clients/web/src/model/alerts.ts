/** Which items a system notification is for. Pure: who shows and closes them is told what to do. */

import type { Item } from "@tongbu/client";

export type Alert = "show" | "close" | null;

export interface Alerts {
  /** What to do about an item as it stands now. `watched`: somebody has the inbox before them. `wokenAt`: when it came
   * back from snooze (ms); that it was looked at before doesn't count then. */
  judge(item: Item, watched: boolean, wokenAt?: number | null): Alert;
}

/** What happened to it, and when: it came back from snooze, it came, or its task ended. Null for what nobody is told of by the system. */
function happened(item: Item, wokenAt: number | null): { readonly mark: string; readonly at: number } | null {
  if (item.class === "core") return null;
  if (wokenAt !== null) return { mark: `${item.id}:woken:${wokenAt}`, at: wokenAt };
  if (item.task === null) return item.order === null ? null : { mark: item.id, at: item.order };
  const { finishedAt, attempt } = item.task;
  return finishedAt === null ? null : { mark: `${item.id}:${attempt}`, at: finishedAt };
}

/** Nothing is left to tell: somebody put it away, or looked at it and not just before it came back. */
function isOver(item: Item, cameBack: boolean): boolean {
  const looked = !cameBack && (item.read || (item.task === null && item.seen));
  return looked || item.archived || item.deleted || item.snoozed !== null;
}

/** @param since what happened before (ms) is no news. */
export function openAlerts(since: number): Alerts {
  const shown = new Set<string>();
  const told = new Set<string>();
  const begin = (mark: string, watched: boolean): Alert => {
    told.add(mark);
    if (watched) return null;
    shown.add(mark);
    return "show";
  };
  return {
    judge(item, watched, wokenAt = null) {
      const news = happened(item, wokenAt);
      if (news === null || news.at <= since) return null;
      const isNew = !told.has(news.mark);
      if (isOver(item, isNew && wokenAt !== null)) return shown.delete(news.mark) ? "close" : null;
      return isNew ? begin(news.mark, watched) : null;
    },
  };
}
