/** Several pages of one device: one leads, the others follow until it ends. */
import { createAudience } from "./audience.js";
import { Closed } from "./errors.js";
import { createFollower } from "./follower.js";
import { alone, createLeader, type Roles, storeName } from "./leader.js";
import { pagesOn, type Said } from "./page-messages.js";

/** Leads, where no other page does; follows until then. Where the platform has no pages it is `alone`. */
export const together: Roles = (device, failed) => {
  const tabs = device.platform.tabs?.(storeName(device));
  if (tabs === undefined) return alone(device, failed);
  const pages = pagesOn(tabs, device.page);
  let hear: (message: Said) => void = () => undefined;
  let withdraw: () => void = () => undefined;
  let ended = false;
  let handing = false;
  const forgotten = () => failed(new Closed());

  function lead(): void {
    const audience = createAudience(device, pages, () => void handOver(), forgotten);
    device.role = createLeader(device, failed, audience);
    hear = audience.hear;
  }

  function follow(): void {
    const follower = createFollower(device, { pages, failed, forgotten });
    device.role = follower;
    hear = follower.hear;
    withdraw = tabs?.lead(() => void follower.close().then(ended ? undefined : lead)) ?? withdraw;
  }

  async function handOver(): Promise<void> {
    if (handing) return;
    handing = true;
    hear = () => undefined;
    await device.role.close();
    withdraw();
    for (const topic of device.topics()) topic.lost();
    handing = false;
    if (!ended) follow();
  }

  const stopListening = pages.listen((message) => hear(message));
  follow();

  return async () => {
    ended = true;
    await device.role.close();
    withdraw();
    stopListening();
  };
};
