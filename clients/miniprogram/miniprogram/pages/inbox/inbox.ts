import { after } from "../../device/after";
import { type Deeds, openDeeds, type Told } from "../../device/deeds";
import type { Program } from "../../device/device";
import { fieldsOf, nothing } from "../../screens/fields";
import { type ListScreen, NOTHING, openList } from "../../screens/list";
import { LIST_NAMES, type ListName, MINUTE, presets, type SeenWatch, watchSeen } from "../../vendor/inbox";
import type { Hub, Item } from "../../vendor/tongbu";

/** ms for which it can be read what was done. */
const TOAST = 9_000;
/** Of the design's 750 units across the screen. */
const ROW = 144;
const HEADING = 72;
/** More than two digits don't fit. */
const MOST_ON_BADGE = 100;

/** What belongs to the page while it is signed in. */
interface Open {
  readonly hub: Hub;
  readonly screen: ListScreen;
  readonly deeds: Deeds;
  readonly seen: SeenWatch;
  readonly stops: (() => void)[];
}

interface Fields {
  opened: Open | null;
  /** Pixels of the screen. */
  height: number;
  hidden: boolean;
  stopHub: () => void;
  stopToast: () => void;
}

const fields = fieldsOf<Fields>(() => ({
  opened: null,
  height: wx.getWindowInfo().windowHeight,
  hidden: false,
  stopHub: nothing,
  stopToast: nothing,
}));

interface Touched {
  readonly detail: { readonly id: string };
}

const speech = getApp<Program>().device.speech;
const { inbox, shell } = speech.words;

function wordsOfPage() {
  const { read, unread, archive, unarchive, snooze, more, readAll } = inbox.actions;
  return {
    noHub: speech.own.noHub,
    lists: LIST_NAMES.map((name) => ({ name, text: shell.lists[name] })),
    row: { read, unread, archive, unarchive, snooze, more },
    readAll,
    undo: inbox.undo,
  };
}

/** Rows keep these heights whatever the screen, so where each lies is known without drawing it. */
function measures() {
  const unit = wx.getWindowInfo().windowWidth / 750;
  return { row: ROW * unit, heading: HEADING * unit };
}

Component({
  data: {
    ...NOTHING,
    words: wordsOfPage(),
    signedIn: false,
    list: "inbox" as ListName,
    unread: 0,
    empty: inbox.empty.inbox,
    toast: null as Told | null,
    refreshing: false,
    scrollTop: 0,
  },
  lifetimes: {
    attached() {
      const { hub } = getApp<Program>().device;
      const use = (): void => this.use(hub.get());
      fields(this).stopHub = hub.subscribe(use);
      use();
      this.setTabNames();
    },
    detached() {
      fields(this).stopHub();
      this.leave();
    },
  },
  pageLifetimes: {
    show() {
      fields(this).hidden = false;
      showBadge(this.data.unread);
      this.look();
    },
    hide() {
      fields(this).hidden = true;
      fields(this).opened?.seen.look([]);
    },
  },
  methods: {
    setTabNames() {
      const { tabs } = speech.own;
      wx.setNavigationBarTitle({ title: shell.lists.inbox });
      [tabs.inbox, tabs.devices].forEach((text, index) => {
        wx.setTabBarItem({ index, text });
      });
    },
    use(hub: Hub | null) {
      this.leave();
      this.setData({
        ...NOTHING,
        signedIn: hub !== null,
        unread: 0,
        list: "inbox",
        empty: inbox.empty.inbox,
      });
      showBadge(0);
      if (hub === null) return;
      const ledger = hub.inbox();
      const screen = openList(hub, speech, measures(), (patch) => this.setData(patch));
      const seen = watchSeen((ids) => {
        for (const id of ids) ledger.mark(id, { seen: true });
      }, after);
      const counted = (): void => {
        const { unread } = ledger.counts.get();
        if (unread === this.data.unread) return;
        this.setData({ unread });
        showBadge(unread);
      };
      const stops = [
        ledger.counts.subscribe(counted),
        ledger.watch(() => this.look()),
        hub.onRefused(({ message }) => this.tell({ text: shell.refused(message), undo: false })),
        everyMinute(() => screen.tick()),
      ];
      fields(this).opened = {
        hub,
        screen,
        seen,
        stops,
        deeds: openDeeds(hub, speech, (told) => this.tell(told)),
      };
      screen.scrolled(0, fields(this).height);
      counted();
      this.look();
    },
    leave() {
      fields(this).stopToast();
      const { opened } = fields(this);
      if (opened === null) return;
      fields(this).opened = null;
      opened.screen.stop();
      opened.seen.stop();
      for (const stop of opened.stops) stop();
    },
    look() {
      const { opened } = fields(this);
      if (opened !== null && !fields(this).hidden) opened.seen.look(opened.screen.unseen());
    },
    tell(toast: Told) {
      fields(this).stopToast();
      this.setData({ toast });
      fields(this).stopToast = after(TOAST, () => this.setData({ toast: null }));
    },
    itemOf(id: string): Item | null {
      return fields(this).opened?.hub.inbox().get(id) ?? null;
    },
    choose({ currentTarget }: { currentTarget: { dataset: { list: ListName } } }) {
      const { list } = currentTarget.dataset;
      // The same place once more would move nothing.
      const scrollTop = this.data.scrollTop === 0 ? 0.1 : 0;
      this.setData({ list, empty: inbox.empty[list], scrollTop });
      fields(this).opened?.screen.choose(list);
      this.look();
    },
    scrolled({ detail }: { detail: { scrollTop: number } }) {
      fields(this).opened?.screen.scrolled(detail.scrollTop, fields(this).height);
      this.look();
    },
    async refresh() {
      this.setData({ refreshing: true });
      await getApp<Program>().device.refresh();
      this.setData({ refreshing: false });
    },
    signIn() {
      wx.navigateTo({ url: "/pages/sign-in/sign-in" });
    },
    open({ detail }: Touched) {
      const item = this.itemOf(detail.id);
      if (item === null) return;
      const page = item.kind === "task" ? "task" : "notification";
      wx.navigateTo({ url: `/pages/${page}/${page}?id=${encodeURIComponent(item.id)}` });
    },
    read({ detail }: Touched) {
      const item = this.itemOf(detail.id);
      if (item !== null) fields(this).opened?.deeds.setRead(item, !item.read);
    },
    archive({ detail }: Touched) {
      const item = this.itemOf(detail.id);
      if (item !== null) fields(this).opened?.deeds.setArchived(item, !item.archived);
    },
    snooze({ detail }: Touched) {
      const { opened } = fields(this);
      const item = this.itemOf(detail.id);
      if (opened === null || item === null) return;
      const now = opened.hub.now();
      const times = presets(now);
      const names = times.map(
        ({ name, until }) => `${inbox.presets[name]} · ${speech.times.moment(until, now)}`,
      );
      chooseFrom(names, (index) => opened.deeds.snooze(item, times[index]?.until ?? null));
    },
    more({ detail }: Touched) {
      const { opened } = fields(this);
      const item = this.itemOf(detail.id);
      if (opened === null || item === null) return;
      const { actions } = inbox;
      const { deeds } = opened;
      const entries: readonly (readonly [string, () => void])[] = [
        [item.read ? actions.unread : actions.read, () => deeds.setRead(item, !item.read)],
        [item.archived ? actions.unarchive : actions.archive, () => deeds.setArchived(item, !item.archived)],
        item.snoozed === null
          ? [actions.snooze, () => this.snooze({ detail })]
          : [actions.unsnooze, () => deeds.snooze(item, null)],
        [item.pinned ? actions.unpin : actions.pin, () => deeds.setPinned(item, !item.pinned)],
        [actions.delete, () => deeds.remove(item)],
      ];
      chooseFrom(
        entries.map(([name]) => name),
        (index) => entries[index]?.[1](),
      );
    },
    readAll() {
      const { title, text } = inbox.readAll;
      wx.showModal({
        title,
        content: text(this.data.unread),
        success: (answer) => {
          if (answer.confirm) fields(this).opened?.deeds.readAll();
        },
      });
    },
    undo() {
      fields(this).opened?.deeds.undo();
    },
  },
});

/** On the inbox's tab. It can't be while a page without tabs is before it: shown again, the inbox does it. */
function showBadge(unread: number): void {
  if (unread === 0) wx.removeTabBarBadge({ index: 0, fail: nothing });
  else wx.setTabBarBadge({ index: 0, text: unread < MOST_ON_BADGE ? String(unread) : "99+", fail: nothing });
}

function chooseFrom(names: readonly string[], chosen: (index: number) => void): void {
  wx.showActionSheet({ itemList: [...names], success: ({ tapIndex }) => chosen(tapIndex) });
}

function everyMinute(run: () => void): () => void {
  const timer = setInterval(run, MINUTE);
  return () => clearInterval(timer);
}
