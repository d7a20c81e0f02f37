/** This browser as a device of the hub that served the page. */

import type { Hub, HubOptions } from "@tongbu/client";
import { connect } from "@tongbu/client/browser";
import { keptToken, renewOverHttp, tokenSource } from "./kept-token.ts";
import { deviceName } from "./model/device-name.ts";

/** With the token that is kept; without one the store may hold one. */
function optionsOf(token: string | null): Pick<HubOptions, "token"> {
  return token === null ? {} : { token: tokenSource(token, renewOverHttp) };
}

/** `newDevice`: somebody signed in here, by hand, after the hub refused the device that this was. */
export function openHub(newDevice: boolean): Hub {
  return connect({
    newDevice,
    url: window.location.origin,
    deviceName: deviceName(navigator.userAgent),
    platform: "web",
    ...optionsOf(keptToken()),
  });
}
