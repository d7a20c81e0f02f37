/** Times as people read them, in their language. All arguments are milliseconds since 1970. */

import { addDays, dayOf, startOfDay } from "./days.ts";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** The few words that `Intl` has no form for. */
export interface TimeWords {
  readonly now: string;
  readonly today: string;
  readonly yesterday: string;
  readonly tomorrow: string;
  readonly minutes: (count: number) => string;
  readonly seconds: (count: number) => string;
  readonly hours: (count: number, minutes: number) => string;
  readonly days: (count: number, hours: number) => string;
}

export interface Times {
  /** In a list: `now`, `5 min`, `12:03`, `Mon 12:03`, `3 Nov`, `3 Nov 2025`. */
  short(at: number, now: number): string;
  /** The time of day alone. */
  clock(at: number): string;
  /** All of it, for who wants to know exactly. */
  full(at: number): string;
  /** In a sentence: `12:03`, `yesterday 12:03`, `tomorrow 08:00`, `Mon, 3 Nov, 08:00`. */
  moment(at: number, now: number): string;
  /** By when, in a list: `18:00`, `tomorrow`, `3 Nov`, `3 Nov 2027`. */
  by(at: number, now: number): string;
  /** A heading: `Today`, `Yesterday`, `Monday, 3 November`. */
  day(day: number, now: number): string;
  /** `8 s`, `5 min`, `2 h 5 min`, `3 d 4 h`. */
  duration(length: number): string;
}

const FORMATS = {
  clock: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  weekday: { weekday: "short" },
  date: { month: "short", day: "numeric" },
  dateYear: { year: "numeric", month: "short", day: "numeric" },
  moment: {
    weekday: "short",
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  },
  heading: { weekday: "long", month: "long", day: "numeric" },
  headingYear: { year: "numeric", month: "long", day: "numeric" },
  full: {
    weekday: "long",
    year: "numeric",
    month: "long",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;

type Formats = Record<keyof typeof FORMATS, Intl.DateTimeFormat>;

function formatsOf(locale: string): Formats {
  const entries = Object.entries(FORMATS).map(([name, options]) => [
    name,
    new Intl.DateTimeFormat(locale, options),
  ]);
  return Object.fromEntries(entries) as Formats;
}

const yearOf = (at: number) => new Date(at).getFullYear();

export function timesIn(locale: string, words: TimeWords): Times {
  const formats = formatsOf(locale);
  const clock = (at: number) => formats.clock.format(at);
  return {
    clock,
    short: (at, now) => short(formats, words, at, now),
    full: (at) => formats.full.format(at),
    moment: (at, now) => {
      const relative = relativeDay(words, dayOf(at), now);
      if (relative === null) return formats.moment.format(at);
      return relative === words.today ? clock(at) : `${relative} ${clock(at)}`;
    },
    by: (at, now) => by(formats, words, at, now),
    day: (day, now) => heading(formats, words, day, now),
    duration: (length) => duration(words, length),
  };
}

function short(formats: Formats, words: TimeWords, at: number, now: number): string {
  const age = now - at;
  if (Math.abs(age) < MINUTE) return words.now;
  if (age > 0 && age < HOUR) return words.minutes(Math.floor(age / MINUTE));
  if (dayOf(at) === dayOf(now)) return formats.clock.format(at);
  if (age > 0 && dayOf(at) > addDays(dayOf(now), -6)) {
    return `${formats.weekday.format(at)} ${formats.clock.format(at)}`;
  }
  return yearOf(at) === yearOf(now) ? formats.date.format(at) : formats.dateYear.format(at);
}

function by(formats: Formats, words: TimeWords, at: number, now: number): string {
  if (dayOf(at) === dayOf(now)) return formats.clock.format(at);
  const date = yearOf(at) === yearOf(now) ? formats.date : formats.dateYear;
  return relativeDay(words, dayOf(at), now) ?? date.format(at);
}

function relativeDay(words: TimeWords, day: number, now: number): string | null {
  const today = dayOf(now);
  if (day === today) return words.today;
  if (day === addDays(today, -1)) return words.yesterday;
  return day === addDays(today, 1) ? words.tomorrow : null;
}

function heading(formats: Formats, words: TimeWords, day: number, now: number): string {
  const relative = relativeDay(words, day, now);
  if (relative !== null) return relative.charAt(0).toUpperCase() + relative.slice(1);
  const date = startOfDay(day);
  return (date.getFullYear() === yearOf(now) ? formats.heading : formats.headingYear).format(date);
}

function duration(words: TimeWords, length: number): string {
  const seconds = Math.max(0, Math.floor(length / 1000));
  if (seconds < 60) return words.seconds(seconds);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return words.minutes(minutes);
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? words.hours(hours, minutes % 60) : words.days(Math.floor(hours / 24), hours % 24);
}
