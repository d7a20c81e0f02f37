import { openDevice, type Program } from "./device/device";

const device = openDevice();

App<Program & WechatMiniprogram.IAnyObject>({
  device,
  onShow() {
    device.shown();
  },
  onHide() {
    device.hidden();
  },
});
