import type { Program } from "../../device/device";
import { type Deed, type Detail, detailOf, type Progress, progressOf } from "../../model/detail";
import { fieldsOf } from "../../screens/fields";
import { NO_ITEM, openItemPage } from "../../screens/item-page";

const { speech } = getApp<Program>().device;
const { task } = speech.words;
const { gone, goneText } = speech.words.inbox.detail;

const fields = fieldsOf(() => ({ page: NO_ITEM }));

Component({
  data: {
    words: { gone, goneText },
    gone: false,
    detail: null as Detail | null,
    progress: null as Progress | null,
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
        speech.own.task.title,
        (item, viewer) =>
          item.task && { detail: detailOf(item, viewer, speech), progress: progressOf(item, speech) },
        (patch) => this.setData(patch),
      );
    },
    act({ currentTarget }: { currentTarget: { dataset: { deed: Deed } } }) {
      const { deed } = currentTarget.dataset;
      if (deed === "cancel") this.askToCancel();
      else this.state(deed);
    },
    /** An end can't be taken back, so it is asked for. */
    askToCancel() {
      wx.showModal({
        title: task.cancelTitle,
        content: task.cancelText,
        success: ({ confirm }) => {
          if (confirm) this.state("cancel");
        },
      });
    },
    state(deed: Deed) {
      const { id, hub } = fields(this).page;
      hub?.inbox().task(id)[deed]();
    },
  },
});
