import { WebSocket } from "ws";
import { nodePlatform } from "../../src/node/platform.js";
import { type WebSocketLike, webTransport } from "../../src/platform/web-transport.js";
import { wechatPlatform } from "../../src/wechat/platform.js";
import { transportContract } from "../kit/transport-contract.js";
import { fakeWx } from "../kit/wx.js";

transportContract("Node", () => nodePlatform().transport);

transportContract("A browser's WebSocket and fetch", () =>
  webTransport((url, protocol) => new WebSocket(url, protocol) as unknown as WebSocketLike, fetch),
);

transportContract("A mini program", () => wechatPlatform(fakeWx()).transport);
