import { expect, test } from "vitest";
import { addDays, dayOf } from "../../src/model/days.ts";
import { dueDates } from "../../src/model/due.ts";
import { presets } from "../../src/model/snooze.ts";
import { DAY, HOUR, MINUTE, timesIn } from "../../src/model/times.ts";
import { en } from "../../src/words/en.ts";
import { zh } from "../../src/words/zh.ts";
import { NOW } from "../kit/items.ts";

const english = timesIn("en-GB", en.times);
const chinese = timesIn("zh-CN", zh.times);

test.each([
  [NOW - 20_000, "now", "刚刚"],
  [NOW + 20_000, "now", "刚刚"],
  [NOW - 5 * MINUTE, "5 min", "5 分钟"],
  [NOW - 3 * HOUR, "11:30", "11:30"],
  [NOW - 2 * DAY, "Fri 14:30", "周五 14:30"],
  [NOW - 20 * DAY, "2 Nov", "11月2日"],
  [NOW - 400 * DAY, "18 Oct 2025", "2025年10月18日"],
])("A time in a list is as short as it can be: %i", (at, inEnglish, inChinese) => {
  expect(english.short(at, NOW)).toBe(inEnglish);
  expect(chinese.short(at, NOW)).toBe(inChinese);
});

test("A day is called by what it is to today", () => {
  const today = dayOf(NOW);
  expect([0, -1, 1].map((days) => english.day(addDays(today, days), NOW))).toEqual([
    "Today",
    "Yesterday",
    "Tomorrow",
  ]);
  expect([0, -1, 1].map((days) => chinese.day(addDays(today, days), NOW))).toEqual(["今天", "昨天", "明天"]);
  expect(english.day(20261118, NOW)).toBe("Wednesday 18 November");
  expect(chinese.day(20261118, NOW)).toBe("11月18日星期三");
  expect(english.day(20251118, NOW)).toBe("18 November 2025");
});

test("A moment to come is told by its day", () => {
  expect(english.moment(NOW + HOUR, NOW)).toBe("15:30");
  expect(english.moment(NOW + DAY, NOW)).toBe("tomorrow 14:30");
  expect(chinese.moment(NOW + DAY, NOW)).toBe("明天 14:30");
});

test("How long something took is told in at most two units", () => {
  expect([8_000, 5 * MINUTE, 2 * HOUR, 125 * MINUTE, 76 * HOUR].map(english.duration)).toEqual([
    "8 s",
    "5 min",
    "2 h",
    "2 h 5 min",
    "3 d 4 h",
  ]);
  expect(chinese.duration(125 * MINUTE)).toBe("2 小时 5 分钟");
});

test("By when is told in few words: the hour of today, the day of others, the year of another one", () => {
  const at = (month: number, day: number, year = 2026) => new Date(year, month - 1, day, 18).getTime();
  const now = new Date(2026, 10, 22, 9).getTime();
  const times = [at(11, 22), at(11, 23), at(11, 21), at(11, 30), at(1, 3, 2027)];
  expect(times.map((each) => english.by(each, now))).toEqual([
    "18:00",
    "tomorrow",
    "yesterday",
    "30 Nov",
    "3 Jan 2027",
  ]);
});

test("Days are counted over the change of the clocks", () => {
  expect(addDays(20261024, 2)).toBe(20261026);
  expect(addDays(20261231, 1)).toBe(20270101);
});

test("Snoozing offers what makes sense at the time: no evening in the evening, never the same time twice", () => {
  const offered = (hour: number, day = 22) => {
    const now = new Date(2026, 10, day, hour, 10).getTime();
    return presets(now).map(({ name, until }) => [
      name,
      new Date(until).getDate(),
      new Date(until).getHours(),
    ]);
  };
  expect(offered(9)).toEqual([
    ["inAnHour", 22, 10],
    ["laterToday", 22, 11],
    ["thisEvening", 22, 19],
    ["tomorrowMorning", 23, 8],
  ]);
  expect(offered(18).map(([name]) => name)).toEqual(["inAnHour", "laterToday", "tomorrowMorning"]);
  expect(offered(23, 24).map(([name]) => name)).toEqual(["inAnHour", "tomorrowMorning", "nextWeek"]);
  expect(offered(23).map(([name]) => name)).toEqual(["inAnHour", "tomorrowMorning"]);
  expect(offered(9, 23).at(-1)).toEqual(["nextWeek", 30, 8]);
});

test("Due dates end a day's work: today while there is time, tomorrow, in a week", () => {
  const offered = (hour: number) =>
    dueDates(new Date(2026, 10, 22, hour, 10).getTime()).map(({ name, at }) => [
      name,
      new Date(at).getDate(),
    ]);
  expect(offered(9)).toEqual([
    ["today", 22],
    ["tomorrow", 23],
    ["nextWeek", 29],
  ]);
  expect(offered(17).map(([name]) => name)).toEqual(["tomorrow", "nextWeek"]);
});
