import { systemSurroundings } from "../platform/surroundings.js";
import type { Platform } from "../ports.js";
import { wxRandom } from "./chance.js";
import type { Wx } from "./wx.js";
import { wxStorage } from "./wx-storage.js";
import { wxTransport } from "./wx-transport.js";

/**
 * A mini program. WeChat ends its socket about 5 s after it went to the background; it is told to come back when it is
 * shown again, or the network is there again.
 */
export function wechatPlatform(wx: Wx): Platform {
  return {
    name: "wechat",
    transport: wxTransport(wx),
    open: (name) => wxStorage(wx, name),
    surroundings: systemSurroundings({ random: wxRandom(wx) }),
    onWake: (listener) => onAppWake(wx, listener),
  };
}

function onAppWake(wx: Wx, listener: () => void): () => void {
  const shown = (): void => listener();
  const network = (status: { isConnected: boolean }): void => {
    if (status.isConnected) listener();
  };
  wx.onAppShow(shown);
  wx.onNetworkStatusChange(network);
  return () => {
    wx.offAppShow?.(shown);
    wx.offNetworkStatusChange?.(network as never);
  };
}
