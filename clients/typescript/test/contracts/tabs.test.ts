import { webTabs } from "../../src/browser/tabs.js";
import { FakeLocks } from "../kit/locks.js";
import { PageBus } from "../kit/page-bus.js";
import { tabsContract } from "../kit/tabs-contract.js";

let names = 0;

tabsContract("Web Locks and BroadcastChannel", (pages) => {
  const [locks, name] = [new FakeLocks() as unknown as LockManager, `device ${names++}`];
  return Array.from({ length: pages }, () => webTabs(locks, BroadcastChannel, name));
});

tabsContract("The pages of tests", (pages) => {
  const bus = new PageBus();
  return Array.from({ length: pages }, () => bus.page());
});
