/** This browser as a device of the hub that served the page. */

import type { Hub, HubOptions } from "@tongbu/client";
import { connect } from "@tongbu/client/browser";
import { keepToken, keptToken, renewOverHttp, tokenSource } from "./kept-token.ts";
import type { Credentials } from "./model/credentials.ts";
import { deviceName } from "./model/device-name.ts";

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
