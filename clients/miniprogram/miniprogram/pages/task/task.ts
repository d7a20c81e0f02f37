import type { Program } from "../../device/device";
import { type Deed, type Detail, detailOf, type Progress, progressOf } from "../../model/detail";
import { fieldsOf, nothing } from "../../screens/fields";
import { followItem } from "../../screens/item";

const { speech } = getApp<Program>().device;
const { task } = speech.words;
const { gone, goneText } = speech.words.inbox.detail;

const fields = fieldsOf(() => ({ id: "", stop: nothing as () => void }));

Component({
  data: {
    words: { gone, goneText },
    gone: false,
    detail: null as Detail | null,
    progress: null as Progress | null,
  },
  lifetimes: {
    detached() {
      fields(this).stop();
    },
  },
  methods: {
    onLoad(query: { id?: string }) {
      const hub = getApp<Program>().device.hub.get();
      wx.setNavigationBarTitle({ title: speech.own.task.title });
      const id = decodeURIComponent(query.id ?? "");
      fields(this).id = id;
      if (hub === null) return this.setData({ gone: true });
      fields(this).stop = followItem(
        hub,
        id,
        (item) => ({
          gone: item?.task == null || item.deleted,
          detail: item && detailOf(item, hub.now(), speech),
          progress: item && progressOf(item, speech),
        }),
        (patch) => this.setData(patch),
      );
      const item = hub.inbox().get(id);
      if (item?.read === false) hub.inbox().mark(id, { read: true });
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
      const { id } = fields(this);
      getApp<Program>().device.hub.get()?.inbox().task(id)[deed]();
    },
  },
});
