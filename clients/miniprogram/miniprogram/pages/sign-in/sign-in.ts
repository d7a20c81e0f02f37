import type { Program } from "../../device/device";
import { hubAddress, type Invitation, invitationIn, invitationOf } from "../../model/address";

const { device } = getApp<Program>();
const words = device.speech.own.signIn;
const { refused } = device.speech.words.devices.signIn;

/** Signing in with a link code: scanned, or typed in with the hub's address. */
Component({
  data: { words, address: "", code: "", problem: "", busy: false },
  lifetimes: {
    attached() {
      wx.setNavigationBarTitle({ title: words.submit });
      this.setData({ address: device.address() });
    },
  },
  methods: {
    typed({
      currentTarget,
      detail,
    }: {
      currentTarget: { dataset: { field: "address" | "code" } };
      detail: { value: string };
    }) {
      this.setData({ [currentTarget.dataset.field]: detail.value });
    },
    scan() {
      wx.scanCode({
        scanType: ["qrCode"],
        success: ({ result }) => void this.signIn(invitationIn(result)),
      });
    },
    submit() {
      const { address, code } = this.data;
      const needsAddress = !code.includes("#") && hubAddress(address) === null;
      if (needsAddress) this.setData({ problem: words.noAddress });
      else void this.signIn(invitationOf(address, code));
    },
    async signIn(invitation: Invitation | null) {
      if (this.data.busy) return;
      if (invitation === null) return this.setData({ problem: words.noCode });
      this.setData({ busy: true, problem: "" });
      try {
        await device.signIn(invitation);
        wx.switchTab({ url: "/pages/inbox/inbox" });
      } catch (error) {
        this.setData({ problem: refused((error as Error).message) });
      } finally {
        this.setData({ busy: false });
      }
    },
  },
});
