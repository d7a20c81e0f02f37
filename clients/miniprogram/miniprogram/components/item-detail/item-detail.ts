import type { Program } from "../../device/device";
import type { Detail } from "../../model/detail";

/** What an item says, where it is from, where it stands, and by which channels it left. */
Component({
  properties: { detail: { type: Object, value: {} as Detail } },
  data: { words: { link: "", receipts: "", none: "" } },
  lifetimes: {
    attached() {
      const { words, own } = getApp<Program>().device.speech;
      const { receipts, noReceipts } = words.inbox.detail;
      this.setData({ words: { link: own.link.copy, receipts, none: noReceipts } });
    },
  },
  methods: {
    copyLink() {
      wx.setClipboardData({ data: this.properties.detail.link });
    },
  },
});
