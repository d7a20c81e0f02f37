/** This browser as a device of the hub that served the page. */

import type { Hub, HubOptions } from "@tongbu/client";
import { connect } from "@tongbu/client/browser";
import { keepToken, keptToken, renewOverHttp, tokenSource } from "./kept-token.ts";
import type { Credentials } from "./model/credentials.ts";

/** What a person reads in the list of their devices: `Chrome · Android`. */
function deviceName(agent: string): string {
  const browsers = [
    ["MicroMessenger", "WeChat"],
    ["Edg", "Edge"],
    ["Firefox", "Firefox"],
    ["Chrome", "Chrome"],
    ["Safari", "Safari"],
  ] as const;
  const systems = [
    ["iPhone", "iPhone"],
    ["iPad", "iPad"],
    ["Android", "Android"],
    ["Mac OS", "Mac"],
    ["Windows", "Windows"],
    ["Linux", "Linux"],
  ] as const;
  const found = (names: readonly (readonly [string, string])[]) =>
    names.find(([mark]) => agent.includes(mark))?.[1];
  return [found(browsers) ?? "Browser", found(systems)].filter(Boolean).join(" · ");
}

/** The options that say who this is: a code as it is, a token given now or kept. */
function optionsOf(credentials: Credentials): Pick<HubOptions, "token" | "linkCode"> {
  if (credentials !== null && "linkCode" in credentials) {
    keepToken(null);
    return credentials;
  }
  if (credentials !== null) keepToken(credentials.token);
  const token = credentials?.token ?? keptToken();
  return token === null ? {} : { token: tokenSource(token, renewOverHttp) };
}

export function openHub(credentials: Credentials): Hub {
  return connect({
    url: window.location.origin,
    deviceName: deviceName(navigator.userAgent),
    platform: "web",
    ...optionsOf(credentials),
  });
}
