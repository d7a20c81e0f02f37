/** Several pages of one device: one leads, the others follow until it ends. */
import type { Tabs } from "../ports.js";
import { createAudience } from "./audience.js";
import { promised } from "./cell.js";
import { Closed } from "./errors.js";
import type { Extra } from "./extra.js";
import { createFollower } from "./follower.js";
import { alone, createLeader, type Roles, storeName } from "./leader.js";
import { pagesOn, type Said } from "./page-messages.js";

/** Pages that the platform knows to be of one device share its connection and store. */
export const together: Extra = (extras) => {
  extras.roles = leadOrFollow;
};

/** Leads, where no other page does, or the one that leads is silent; follows until then. Where the platform has no pages it is `alone`. */
const leadOrFollow: Roles = (device, failed) => {
  const tabs = device.platform.tabs?.(storeName(device));
  if (tabs === undefined) return alone(device, failed);
  const pages = pagesOn(tabs, device.page);
  let hear: (message: Said) => void = () => undefined;
  let withdraw: () => void = () => undefined;
  let ended = false;
  let handing = false;
  const forgotten = () => failed(new Closed());
  const { promise: staying, resolve: stays } = promised<void>();
  const leave = tabs.stay(device.page, stays);

  function lead(): void {
    const audience = createAudience(device, { pages, tabs: tabs as Tabs, handOver, forgot: forgotten });
    device.role = createLeader(device, failed, audience);
    hear = audience.hear;
  }

  function follow(): void {
    const follower = createFollower(device, { pages, failed, forgotten, deserted: () => stand(true) });
    const stand = (force: boolean) => {
      if (ended || device.role !== follower) return;
      withdraw();
      const begin = () => void follower.close().then(ended ? undefined : lead);
      withdraw = (tabs as Tabs).lead(begin, handOver, force);
    };
    device.role = follower;
    // The page that leads holds for gone who says something and does not stay.
    void staying.then(() => {
      if (ended || device.role !== follower) return;
      hear = follower.hear;
      follower.arrive();
      stand(false);
    });
  }

  async function handOver(): Promise<void> {
    if (handing || ended) return;
    handing = true;
    hear = () => undefined;
    await device.role.close();
    withdraw();
    for (const topic of device.topics.values()) {
      topic.lost();
      topic.stepDown?.();
    }
    handing = false;
    if (!ended) follow();
  }

  const stopListening = pages.listen((message) => hear(message));
  follow();

  return async () => {
    ended = true;
    await device.role.close();
    withdraw();
    leave();
    stopListening();
  };
};
