import type { Wx } from "./wx.js";

/** Bytes asked for at once. */
const STOCK = 512;

/** Random bytes without waiting: `wx.getRandomValues` answers later, so some are kept in stock. */
export function wxRandom(wx: Wx): (bytes: number) => Uint8Array {
  let stock: number[] = [];
  const refill = (): void => {
    wx.getRandomValues?.({
      length: STOCK,
      success: ({ randomValues }) => {
        stock = [...new Uint8Array(randomValues)];
      },
    });
  };
  refill();
  return (bytes) => {
    const taken = stock.splice(0, bytes);
    if (stock.length < STOCK / 4) refill();
    while (taken.length < bytes) taken.push(Math.floor(Math.random() * 256));
    return Uint8Array.from(taken);
  };
}
