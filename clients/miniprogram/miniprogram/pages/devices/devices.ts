import type { Program } from "../../device/device";
import { linkOf } from "../../model/address";
import { type DeviceLine, deviceLines } from "../../model/devices";
import { fieldsOf, nothing } from "../../screens/fields";
import type { Json } from "../../vendor/tongbu";

const { device } = getApp<Program>();
const { speech } = device;
const { noHub, devices: own, link } = speech.own;

const fields = fieldsOf(() => ({ stop: nothing as () => void }));

/** The devices of this person: revoke one, link another, sign this one out. */
Component({
  data: {
    words: {
      noHub,
      thisDevice: own.thisDevice,
      revoke: own.revoke,
      linkNew: own.linkNew,
      signOut: own.signOut,
      copy: link.copy,
    },
    signedIn: false,
    user: "",
    address: "",
    devices: [] as DeviceLine[],
    problem: "",
    invitation: null as { readonly code: string; readonly text: string } | null,
  },
  lifetimes: {
    attached() {
      wx.setNavigationBarTitle({ title: speech.words.devices.title });
      const use = (): void =>
        this.setData({ signedIn: device.hub.get() !== null, devices: [], invitation: null });
      fields(this).stop = device.hub.subscribe(use);
      use();
    },
    detached() {
      fields(this).stop();
    },
  },
  pageLifetimes: {
    show() {
      void this.load();
    },
  },
  methods: {
    async onPullDownRefresh() {
      await this.load();
      wx.stopPullDownRefresh();
    },
    async load() {
      const hub = device.hub.get();
      if (hub === null) return;
      this.setData({ user: hub.user.get() ?? "", address: device.address() });
      const answer = await this.ask("GET", "/v1/users/me/devices?limit=200");
      if (answer === null) return;
      this.setData({ devices: deviceLines(answer, hub.device.get(), hub.now(), speech) });
    },
    /** What the hub answered; null where it could not be asked or refused, which is then told. */
    async ask(method: string, path: string): Promise<Json> {
      const hub = device.hub.get();
      const answer = await hub?.request(method, path).catch(() => null);
      const taken = answer != null && answer.status < 300;
      this.setData({ problem: taken ? "" : own.failed });
      return taken ? answer.body : null;
    },
    signIn() {
      wx.navigateTo({ url: "/pages/sign-in/sign-in" });
    },
    revoke({ currentTarget }: { currentTarget: { dataset: { id: string } } }) {
      wx.showModal({
        title: own.revokeTitle,
        content: own.revokeText,
        success: async ({ confirm }) => {
          if (!confirm) return;
          await this.ask("DELETE", `/v1/users/me/devices/${encodeURIComponent(currentTarget.dataset.id)}`);
          await this.load();
        },
      });
    },
    async link() {
      const hub = device.hub.get();
      const answer = (await this.ask("POST", "/v1/devices/link")) as {
        code?: string;
        expires_at?: number;
      } | null;
      if (hub === null || typeof answer?.code !== "string") return;
      const until = speech.times.moment(answer.expires_at ?? hub.now(), hub.now());
      this.setData({ invitation: { code: answer.code, text: own.linkText(until) } });
    },
    copy() {
      const code = this.data.invitation?.code ?? "";
      wx.setClipboardData({ data: linkOf({ url: device.address(), code }) });
    },
    signOut() {
      const unsaved = device.hub.get()?.unsaved.get() ?? 0;
      const warning = unsaved > 0 ? `${own.signOutUnsaved(unsaved)} ` : "";
      wx.showModal({
        title: own.signOutTitle,
        content: warning + own.signOutText,
        success: ({ confirm }) => {
          if (confirm) void device.signOut();
        },
      });
    },
  },
});
