/** Days as numbers that sort: 20261122. By the device's own time zone. */

export function dayOf(at: number): number {
  const date = new Date(at);
  return date.getFullYear() * 10_000 + (date.getMonth() + 1) * 100 + date.getDate();
}

/** The first moment of that day. */
export function startOfDay(day: number): Date {
  return new Date(Math.floor(day / 10_000), (Math.floor(day / 100) % 100) - 1, day % 100);
}

/** The day `count` days later; earlier where negative. */
export function addDays(day: number, count: number): number {
  const date = startOfDay(day);
  return dayOf(new Date(date.getFullYear(), date.getMonth(), date.getDate() + count).getTime());
}
