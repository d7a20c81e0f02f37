/** A day of somebody who runs services and people's agents: made up, in both languages. */

import type { Connection, Item } from "@tongbu/client";
import { someDevices } from "./fake-devices.ts";
import { FakeHub } from "./fake-hub.ts";
import { aNotification, aTask } from "./items.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

function sent(at: number, state = "sent") {
  return { wechat: { state, at } };
}

function notifications(now: number, zh: boolean): Item[] {
  const say = (english: string, chinese: string) => (zh ? chinese : english);
  return [
    aNotification({
      id: "db-disk",
      title: say("Disk of db-2 is 91 % full", "db-2 磁盘已用 91%"),
      body: say(
        "It grows by about 2 GB an hour: at this pace it is full at 23:40.\n\nLook here first:\nhttps://grafana.example.org/d/disks?var-host=db-2\n\nThe usual suspect is the WAL archive, see https://wiki.example.org/runbooks/wal (section 3).",
        "每小时大约增长 2 GB，照这个速度 23:40 就会写满。\n\n先看这里：\nhttps://grafana.example.org/d/disks?var-host=db-2\n\n最常见的原因是 WAL 归档，见 https://wiki.example.org/runbooks/wal（第 3 节）。",
      ),
      level: "critical",
      source: "prometheus",
      tags: ["db", "disk", "prod"],
      link: "https://grafana.example.org/d/disks",
      data: {
        host: "db-2",
        mount: "/var/lib/postgresql",
        used: 0.912,
        free_gb: 17.4,
        since: "2026-11-22T11:02:00Z",
      },
      at: now - 4 * MINUTE,
      order: now - 4 * MINUTE,
      durability: "forwarded",
      sent: {
        wechat: { state: "sent", at: now - 3 * MINUTE },
        mail: { state: "dead", at: now - 2 * MINUTE },
      },
    }),
    aNotification({
      title: say("Lin commented on your plan", "林小雨评论了你的方案"),
      body: say(
        "“Shall we move the migration to Thursday? Then the night shift can watch.”",
        "“迁移改到周四怎么样？这样夜班可以盯着。”",
      ),
      level: "info",
      source: say("wiki", "知识库"),
      at: now - 17 * MINUTE,
      order: now - 17 * MINUTE,
    }),
    aNotification({
      title: say("Release 4.2.0 is live in Frankfurt and Shanghai", "4.2.0 已在法兰克福和上海上线"),
      body: say("All checks are green after ten minutes.", "十分钟后所有检查均为绿色。"),
      level: "success",
      source: "deploy",
      tags: ["release"],
      seen: true,
      at: now - 52 * MINUTE,
      order: now - 52 * MINUTE,
      sent: sent(now - 51 * MINUTE),
    }),
    aNotification({
      title: say("Certificate of api.example.org ends in 9 days", "api.example.org 的证书 9 天后到期"),
      body: say(
        "The renewal failed twice: the DNS challenge was not answered.",
        "自动续期失败两次：DNS 验证没有得到应答。",
      ),
      level: "warning",
      source: "certbot",
      tags: ["tls"],
      pinned: true,
      read: true,
      seen: true,
      at: now - 26 * HOUR,
      order: now - 26 * HOUR,
      sent: sent(now - 25 * HOUR, "suppressed"),
    }),
    aNotification({
      title: say("Payments: 14 calls to the bank failed", "支付：14 次银行接口调用失败"),
      body: say("Timeouts between 02:10 and 02:13, none since.", "02:10 至 02:13 超时，此后正常。"),
      level: "error",
      source: "payments",
      tags: ["bank", "prod"],
      read: true,
      seen: true,
      at: now - 9 * HOUR,
      order: now - 9 * HOUR,
      sent: sent(now - 9 * HOUR),
    }),
    aNotification({
      title: say("Your weekly report is ready", "你的周报已生成"),
      level: "info",
      source: say("reports", "报表"),
      body: say("Cost of the clusters fell by 6 %.", "集群成本下降 6%。"),
      read: true,
      seen: true,
      at: now - 21 * HOUR,
      order: now - 21 * HOUR,
    }),
    aNotification({
      title: say("Cache warmed", "缓存预热完成"),
      level: "debug",
      source: "edge",
      read: true,
      seen: true,
      at: now - 28 * HOUR,
      order: now - 28 * HOUR,
    }),
    aNotification({
      title: say("A new device signed in: Safari · iPhone", "新设备登录：Safari · iPhone"),
      level: "info",
      source: "tongbu",
      read: true,
      seen: true,
      at: now - 2 * DAY,
      order: now - 2 * DAY,
    }),
    aNotification({
      title: say("Book the flights for Hangzhou", "订去杭州的机票"),
      source: say("calendar", "日历"),
      snoozed: now + 18 * HOUR,
      read: true,
      seen: true,
      at: now - 3 * DAY,
      order: now - 3 * DAY,
    }),
    aNotification({
      title: say("Renew the insurance of the lab", "续签实验室保险"),
      source: say("calendar", "日历"),
      snoozed: now + 5 * DAY,
      at: now - 4 * DAY,
      order: now - 4 * DAY,
    }),
    ...[1, 2, 3, 4, 5, 6].map((n) =>
      aNotification({
        title: say(`Nightly backup ${n} finished`, `第 ${n} 次夜间备份完成`),
        body: say("38 GB in 4 minutes", "38 GB，用时 4 分钟"),
        level: "success",
        source: "cron",
        archived: n > 3,
        read: true,
        seen: true,
        at: now - (n + 1) * DAY - 5 * HOUR,
        order: now - (n + 1) * DAY - 5 * HOUR,
      }),
    ),
  ];
}

function tasks(now: number, zh: boolean): Item[] {
  const say = (english: string, chinese: string) => (zh ? chinese : english);
  return [
    aTask(
      {
        id: "translate",
        title: say("Translate the handbook into German", "把手册翻译成德文"),
        source: "agent",
        tags: ["docs"],
        body: say("All 214 pages, with the glossary.", "共 214 页，含术语表。"),
        at: now - 35 * MINUTE,
        order: now - 35 * MINUTE,
        seen: true,
      },
      { progress: 0.62, note: say("page 133 of 214", "第 133 页，共 214 页"), movedAt: now - 9000 },
    ),
    aTask(
      {
        id: "approve",
        title: say("Migrate the orders table", "迁移订单表"),
        source: "agent",
        level: "warning",
        at: now - 70 * MINUTE,
        order: now - 70 * MINUTE,
      },
      {
        status: "input_required",
        progress: 0.4,
        note: say("May I lock the table for 40 s?", "可以锁表 40 秒吗？"),
        attempt: 2,
      },
    ),
    aTask(
      {
        id: "restore",
        title: say("Try the restore of last night's backup", "演练恢复昨晚的备份"),
        source: "cron",
        at: now - 3 * HOUR,
        order: now - 3 * HOUR,
        seen: true,
        read: true,
      },
      { status: "paused", progress: 0.25 },
    ),
    aTask(
      {
        id: "report",
        title: say("Build the quarterly report", "生成季度报告"),
        source: "ci",
        at: now - 5 * HOUR,
        order: now - 5 * HOUR,
        sent: sent(now - 4 * HOUR),
        durability: "forwarded",
      },
      {
        status: "succeeded",
        progress: 1,
        note: say("42 pages, 0 warnings", "42 页，0 个警告"),
        finishedAt: now - 4 * HOUR,
      },
    ),
    aTask(
      {
        id: "train",
        title: say("Train the spam filter", "训练垃圾信息过滤模型"),
        source: "lab",
        at: now - 30 * HOUR,
        order: now - 30 * HOUR,
        seen: true,
        read: true,
        sent: sent(now - 26 * HOUR),
      },
      {
        status: "failed",
        progress: 0.78,
        note: say("out of memory in epoch 7", "第 7 轮内存不足"),
        attempt: 3,
        finishedAt: now - 26 * HOUR,
      },
    ),
    aTask(
      {
        id: "flowers",
        title: say("Water the flowers in the office", "给办公室的花浇水"),
        by: "ann",
        at: now - 2 * HOUR,
        order: now - 2 * HOUR,
        seen: true,
        read: true,
      },
      { status: "queued", due: now + 6 * HOUR },
    ),
  ];
}

function many(count: number, now: number): Item[] {
  return Array.from({ length: count }, (_, index) => {
    const at = now - index * 7 * MINUTE;
    return aNotification({
      id: `m${index}`,
      title: `Event ${index}`,
      body: "Something happened.",
      level: "info",
      source: `service-${index % 7}`,
      read: index > 40,
      seen: index > 20,
      at,
      order: at,
    });
  });
}

const CONNECTIONS: Readonly<Record<string, Connection>> = {
  starting: { state: "starting" },
  refused: { state: "refused", code: "token", message: "The token has expired." },
  signedout: { state: "refused", code: "token", message: "There is no token." },
};

/** A hub as the address asks for it. */
export function aFakeWorld(asked: URLSearchParams): FakeHub {
  const now = Date.now();
  const zh = asked.get("lang") === "zh";
  const state = asked.get("state") ?? "";
  const bare = ["empty", "starting", "signedout"].includes(state);
  const items = bare
    ? []
    : [...notifications(now, zh), ...tasks(now, zh), ...many(Number(asked.get("many") ?? 0), now)];
  const hub = new FakeHub({
    items,
    now: Date.now,
    answer: someDevices(Date.now).answer,
    user: state === "signedout" || state === "starting" ? null : "ann",
    connection: CONNECTIONS[state] ?? { state: "online" },
  });
  if (state === "starting") hub.ledger.inSync.set(false);
  if (state === "offline") {
    setTimeout(
      () =>
        hub.becomes({ state: "waiting", retryAt: Date.now() + 30_000, reason: "The hub does not answer." }),
      50,
    );
  }
  if (asked.get("still") === null) advance(hub);
  return hub;
}

/** The running task goes on, so that there is something to watch. */
function advance(hub: FakeHub): void {
  setInterval(() => {
    const task = hub.ledger.get("translate");
    if (task?.task?.status !== "running") return;
    const progress = Math.min(1, task.task.progress + 0.01);
    hub.ledger.put({ ...task, task: { ...task.task, progress, movedAt: Date.now() } });
  }, 1500);
}
