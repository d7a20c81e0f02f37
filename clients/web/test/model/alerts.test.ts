import { expect, test } from "vitest";
import { openAlerts } from "../../src/model/alerts.ts";
import { aNotification, aTask, NOW } from "../kit/items.ts";

const news = (more = {}) => aNotification({ id: "a", order: NOW + 1, seen: false, read: false, ...more });

test("What comes while nobody looks is shown once, and closed when it is seen elsewhere", () => {
  const alerts = openAlerts(NOW);
  expect(alerts.judge(news(), false)).toBe("show");
  expect(alerts.judge(news({ pinned: true }), false)).toBeNull();
  expect(alerts.judge(news({ seen: true }), false)).toBe("close");
  expect(alerts.judge(news({ seen: true }), false)).toBeNull();
});

test("What came before, what somebody watched coming, and what is confidential is not shown", () => {
  const alerts = openAlerts(NOW);
  expect(alerts.judge(news({ order: NOW }), false)).toBeNull();
  expect(alerts.judge(news(), true)).toBeNull();
  expect(alerts.judge(news(), false)).toBeNull();
  expect(alerts.judge(news({ id: "b", class: "core" }), false)).toBeNull();
  expect(alerts.judge(news({ id: "c", order: null }), false)).toBeNull();
});

test("A task is told of when an attempt ends, each attempt once", () => {
  const alerts = openAlerts(NOW);
  const task = (attempt: number, finishedAt: number | null, read = false) =>
    aTask(
      { id: "t", read, seen: true },
      { attempt, finishedAt, status: finishedAt === null ? "running" : "failed" },
    );
  expect(alerts.judge(task(1, null), false)).toBeNull();
  expect(alerts.judge(task(1, NOW + 5), false)).toBe("show");
  expect(alerts.judge(task(1, NOW + 5, true), false)).toBe("close");
  expect(alerts.judge(task(2, NOW + 9), false)).toBe("show");
});

test("What comes back from snooze is news once more, though it was read before, once each time", () => {
  const alerts = openAlerts(NOW);
  const read = news({ order: NOW - 99, read: true, seen: true });
  expect(alerts.judge(news({ order: NOW - 99, snoozed: NOW + 5 }), false)).toBeNull();
  expect(alerts.judge(read, false, NOW - 1)).toBeNull();
  expect(alerts.judge(read, false, NOW + 5)).toBe("show");
  expect(alerts.judge({ ...read, archived: true }, false, NOW + 5)).toBe("close");
  expect(alerts.judge(read, false, NOW + 5)).toBeNull();
  expect(alerts.judge(read, false, NOW + 9)).toBe("show");
});
