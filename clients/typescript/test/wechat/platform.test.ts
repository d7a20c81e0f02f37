import { expect, it, vi } from "vitest";
import { wxRandom } from "../../src/wechat/chance.js";
import { wechatPlatform } from "../../src/wechat/platform.js";
import { fakeWx } from "../kit/wx.js";

const stocked = () => new Promise((resolve) => setImmediate(resolve));

it("gives random bytes of WeChat's own, kept in stock, and other ones where there are none", async () => {
  const asked: number[] = [];
  const wx = { ...fakeWx() };
  wx.getRandomValues = ({ length, success }) => {
    asked.push(length);
    setImmediate(() => success?.({ randomValues: new Uint8Array(length).fill(7).buffer }));
  };
  const random = wxRandom(wx);
  expect(random(16)).toHaveLength(16);
  await stocked();
  expect([...random(400)]).toEqual(new Array(400).fill(7));
  await stocked();
  expect([...random(200)]).toEqual(new Array(200).fill(7));
  expect(asked.length).toBeGreaterThan(1);
  const { getRandomValues: _, ...without } = fakeWx();
  expect(new Set([...wxRandom(without)(64)]).size).toBeGreaterThan(10);
});

it("wakes when the program is shown and when the network is back, until that is stopped", () => {
  const wx = fakeWx();
  let network: (status: { isConnected: boolean }) => void = () => undefined;
  wx.onNetworkStatusChange = (listener) => {
    network = listener;
  };
  wx.offNetworkStatusChange = (listener: never) => {
    if (listener === network) network = () => undefined;
  };
  const woken = vi.fn();
  const stop = wechatPlatform(wx).onWake?.(woken);
  wx.show();
  network({ isConnected: false });
  expect(woken).toHaveBeenCalledTimes(1);
  network({ isConnected: true });
  expect(woken).toHaveBeenCalledTimes(2);
  stop?.();
  wx.show();
  network({ isConnected: true });
  expect(woken).toHaveBeenCalledTimes(2);
});

it("says that WeChat can't make a request of a method that wx.request does not know", async () => {
  const asked = wechatPlatform(fakeWx()).transport.fetch({
    method: "PATCH",
    url: "http://127.0.0.1:1/",
    headers: {},
    timeout: 100,
  });
  await expect(asked).rejects.toThrow(/PATCH/);
});
