/** Times as people read them, without `Intl`, which the engine of many phones lacks. By the phone's own time zone. */
import {
  addDays,
  dayOf,
  HOUR,
  type Language,
  MINUTE,
  startOfDay,
  type Times,
  type TimeWords,
} from "../vendor/inbox";

interface Calendar {
  readonly weekdays: readonly string[];
  readonly date: (date: Date) => string;
  readonly dateYear: (date: Date) => string;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sept", "Oct", "Nov", "Dec"];
const enDate = (date: Date): string => `${date.getDate()} ${MONTHS[date.getMonth()]}`;
const zhDate = (date: Date): string => `${date.getMonth() + 1}月${date.getDate()}日`;

const CALENDARS: Record<Language, Calendar> = {
  en: {
    weekdays: ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"],
    date: enDate,
    dateYear: (date) => `${enDate(date)} ${date.getFullYear()}`,
  },
  zh: {
    weekdays: ["周日", "周一", "周二", "周三", "周四", "周五", "周六"],
    date: zhDate,
    dateYear: (date) => `${date.getFullYear()}年${zhDate(date)}`,
  },
};

export function plainTimes(language: Language, words: TimeWords): Times {
  const calendar = CALENDARS[language];
  const weekday = (date: Date): string => calendar.weekdays[date.getDay()] ?? "";
  const dated = (at: number, now: number): string => {
    const date = new Date(at);
    const sameYear = date.getFullYear() === new Date(now).getFullYear();
    return sameYear ? calendar.date(date) : calendar.dateYear(date);
  };
  const heading = (day: number, now: number): string => {
    const date = startOfDay(day);
    return relativeDay(words, day, now, true) ?? `${dated(date.getTime(), now)} ${weekday(date)}`;
  };
  const moment = (at: number, now: number): string => {
    if (dayOf(at) === dayOf(now)) return clock(at);
    return `${relativeDay(words, dayOf(at), now, false) ?? dated(at, now)} ${clock(at)}`;
  };
  const short = (at: number, now: number): string => {
    const age = now - at;
    if (Math.abs(age) < MINUTE) return words.now;
    if (age > 0 && age < HOUR) return words.minutes(Math.floor(age / MINUTE));
    if (dayOf(at) === dayOf(now)) return clock(at);
    const thisWeek = age > 0 && dayOf(at) > addDays(dayOf(now), -6);
    return thisWeek ? `${weekday(new Date(at))} ${clock(at)}` : dated(at, now);
  };
  const by = (at: number, now: number): string =>
    dayOf(at) === dayOf(now) ? clock(at) : (relativeDay(words, dayOf(at), now, false) ?? dated(at, now));
  return {
    clock,
    moment,
    short,
    by,
    day: heading,
    full: (at) => `${calendar.dateYear(new Date(at))} ${weekday(new Date(at))} ${clock(at)}`,
    duration: (length) => duration(words, length),
  };
}

function clock(at: number): string {
  const date = new Date(at);
  return `${twoDigits(date.getHours())}:${twoDigits(date.getMinutes())}`;
}

function twoDigits(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

/** Today, yesterday, tomorrow; null for every other day. */
function relativeDay(words: TimeWords, day: number, now: number, begins: boolean): string | null {
  const today = dayOf(now);
  const names = new Map([
    [today, words.today],
    [addDays(today, -1), words.yesterday],
    [addDays(today, 1), words.tomorrow],
  ]);
  const name = names.get(day) ?? null;
  return name === null || !begins ? name : name.charAt(0).toUpperCase() + name.slice(1);
}

function duration(words: TimeWords, length: number): string {
  const seconds = Math.max(0, Math.floor(length / 1000));
  if (seconds < 60) return words.seconds(seconds);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return words.minutes(minutes);
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? words.hours(hours, minutes % 60) : words.days(Math.floor(hours / 24), hours % 24);
}
