import type { Program } from "../../device/device";
import { type Detail, detailOf } from "../../model/detail";
import { fieldsOf } from "../../screens/fields";
import { NO_ITEM, openItemPage } from "../../screens/item-page";
import type { Marks } from "../../vendor/tongbu";

const { speech } = getApp<Program>().device;
const { actions, detail } = speech.words.inbox;

const fields = fieldsOf(() => ({ page: NO_ITEM }));

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
      fields(this).page.stop();
    },
  },
  methods: {
    onLoad(query: { id?: string }) {
      fields(this).page = openItemPage(
        query,
        speech.own.notification.title,
        (item, viewer) => ({ detail: detailOf(item, viewer, speech) }),
        (patch) => this.setData(patch),
      );
    },
    toggleRead() {
      this.mark((shown) => ({ read: !shown.read }));
    },
    toggleArchived() {
      this.mark((shown) => ({ archived: !shown.archived }));
    },
    mark(marks: (shown: Detail) => Marks) {
      const { id, hub } = fields(this).page;
      const shown = this.data.detail;
      if (shown !== null) hub?.inbox().mark(id, marks(shown));
    },
  },
});
