import type { Program } from "../../device/device";
import type { Standing } from "../../model/standing";
import { fieldsOf, nothing } from "../../screens/fields";
import { followStanding } from "../../screens/standing";

const fields = fieldsOf(() => ({ stop: nothing as () => void }));

/** What is saved, what waits, and why: in a line, and a sentence where it matters. Nothing while nobody is signed in. */
Component({
  data: { standing: null as Standing | null },
  lifetimes: {
    attached() {
      const { device } = getApp<Program>();
      fields(this).stop = followStanding(device, (standing) => this.setData({ standing }));
    },
    detached() {
      fields(this).stop();
    },
  },
  methods: {
    act() {
      const { device } = getApp<Program>();
      if (this.data.standing?.act === "signIn") wx.navigateTo({ url: "/pages/sign-in/sign-in" });
      else void device.refresh();
    },
  },
});
