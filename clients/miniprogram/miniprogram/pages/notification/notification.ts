import type { Program } from "../../device/device";
import { type Detail, detailOf } from "../../model/detail";
import { fieldsOf, nothing } from "../../screens/fields";
import { followItem } from "../../screens/item";

const { speech } = getApp<Program>().device;
const { actions, detail } = speech.words.inbox;

const fields = fieldsOf(() => ({ id: "", stop: nothing as () => void }));

/** An unread one that is opened is read. */
Component({
  data: {
    words: {
      gone: detail.gone,
      goneText: detail.goneText,
      read: actions.read,
      unread: actions.unread,
      archive: actions.archive,
      unarchive: actions.unarchive,
    },
    gone: false,
    detail: null as Detail | null,
  },
  lifetimes: {
    detached() {
      fields(this).stop();
    },
  },
  methods: {
    onLoad(query: { id?: string }) {
      const hub = getApp<Program>().device.hub.get();
      wx.setNavigationBarTitle({ title: speech.own.notification.title });
      const id = decodeURIComponent(query.id ?? "");
      fields(this).id = id;
      if (hub === null) return this.setData({ gone: true });
      fields(this).stop = followItem(
        hub,
        id,
        (item) => ({
          gone: item === null || item.deleted,
          detail: item && detailOf(item, hub.now(), speech),
        }),
        (patch) => this.setData(patch),
      );
      if (hub.inbox().get(id)?.read === false) hub.inbox().mark(id, { read: true });
    },
    toggleRead() {
      this.mark((shown) => ({ read: !shown.read }));
    },
    toggleArchived() {
      this.mark((shown) => ({ archived: !shown.archived }));
    },
    mark(marks: (shown: Detail) => { read: boolean } | { archived: boolean }) {
      const shown = this.data.detail;
      const hub = getApp<Program>().device.hub.get();
      if (shown !== null) hub?.inbox().mark(fields(this).id, marks(shown));
    },
  },
});
