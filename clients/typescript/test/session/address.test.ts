import { expect, test } from "vitest";
import { addressOf } from "../../src/session/address.js";

test.each([
  ["https://hub.example.org", "s://hub.example.org"],
  ["http://localhost:8787/", "://localhost:8787"],
  ["wss://hub.example.org/v1/connect", "s://hub.example.org"],
  ["ws://127.0.0.1:1/v1/connect/", "://127.0.0.1:1"],
  ["https://hub.example.org/behind/a/proxy/", "s://hub.example.org/behind/a/proxy"],
  ["https://hub.example.org/proxy/v1/connect", "s://hub.example.org/proxy"],
])("%s is one address for sockets and requests", (url, rest) => {
  expect(addressOf(url)).toEqual({ socket: `ws${rest}/v1/connect`, http: `http${rest}` });
});

test.each([
  "",
  "hub.example.org",
  "ftp://hub",
  "https://",
  "https://a@hub",
  "https://hub?token=t",
  "https://hub#x",
  "https://a b",
])("%j is none, and says nothing of itself", (url) => {
  expect(() => addressOf(url)).toThrow(expect.objectContaining({ code: "bad_url", message: "bad url" }));
});
