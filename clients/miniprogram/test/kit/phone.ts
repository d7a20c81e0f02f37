/** What WeChat gives a program beside sockets and storage: what it showed and asked is kept, what people answer is set. */
import { type FakeWx, fakeWx } from "../../../typescript/test/kit/wx.ts";

export interface Phone extends FakeWx {
  readonly titles: string[];
  readonly visited: string[];
  readonly sheets: (readonly string[])[];
  readonly modals: string[];
  readonly clipboard: string[];
  /** On the inbox's tab; empty for none. */
  badge: string;
  /** Whether a page with tabs is before people's eyes. */
  hasTabs: boolean;
  /** Which entry of a sheet is tapped; null closes it. */
  chosen: number | null;
  confirms: boolean;
  /** What the camera sees. */
  scanned: string;
}

export function aPhone({
  language = "en",
  kept = new Map<string, string>(),
  settings = new Map<string, unknown>(),
} = {}): Phone {
  const phone: Phone = Object.assign(fakeWx(kept), {
    titles: [],
    visited: [],
    sheets: [],
    modals: [],
    clipboard: [],
    badge: "",
    hasTabs: true,
    chosen: null,
    confirms: true,
    scanned: "",
  });
  return Object.assign(phone, {
    getAppBaseInfo: () => ({ language }),
    getDeviceInfo: () => ({ model: "Phone 1" }),
    getWindowInfo: () => ({ windowWidth: 375, windowHeight: 720 }),
    getStorageSync: (key: string) => settings.get(key) ?? "",
    setStorageSync: (key: string, value: unknown) => void settings.set(key, value),
    removeStorageSync: (key: string) => void settings.delete(key),
    setNavigationBarTitle: ({ title }: { title: string }) => void phone.titles.push(title),
    setTabBarItem: () => undefined,
    setTabBarBadge({ text, fail }: { text: string; fail: () => void }) {
      if (phone.hasTabs) phone.badge = text;
      else fail();
    },
    removeTabBarBadge({ fail }: { fail: () => void }) {
      if (phone.hasTabs) phone.badge = "";
      else fail();
    },
    navigateTo: ({ url }: { url: string }) => void phone.visited.push(url),
    switchTab: ({ url }: { url: string }) => void phone.visited.push(url),
    stopPullDownRefresh: () => undefined,
    setClipboardData: ({ data }: { data: string }) => void phone.clipboard.push(data),
    scanCode: ({ success }: { success: (result: { result: string }) => void }) =>
      success({ result: phone.scanned }),
    showModal({ title, success }: { title: string; success: (answer: { confirm: boolean }) => void }) {
      phone.modals.push(title);
      success({ confirm: phone.confirms });
    },
    showActionSheet({
      itemList,
      success,
    }: {
      itemList: string[];
      success: (answer: { tapIndex: number }) => void;
    }) {
      phone.sheets.push(itemList);
      if (phone.chosen !== null) success({ tapIndex: phone.chosen });
    },
  });
}
