/** When a snoozed item comes back. Milliseconds since 1970, by the device's own time zone. */

import { HOUR, MINUTE } from "./times.ts";

export type PresetName = "inAnHour" | "laterToday" | "thisEvening" | "tomorrowMorning" | "nextWeek";

export interface Preset {
  readonly name: PresetName;
  readonly until: number;
}

const MORNING = 8;
const EVENING = 19;
const HALF_HOUR = HOUR / 2;
const MONDAY = 1;

/** What makes sense at `now`, soonest first: this evening is not offered in the evening, nor on a Sunday next week beside tomorrow. */
export function presets(now: number): readonly Preset[] {
  const all: readonly (Preset | null)[] = [
    { name: "inAnHour", until: Math.ceil((now + HOUR) / MINUTE) * MINUTE },
    laterToday(now),
    thisEvening(now),
    { name: "tomorrowMorning", until: tomorrowMorning(now) },
    { name: "nextWeek", until: at(now, daysToMonday(now), MORNING) },
  ];
  const apart = (preset: Preset | null, index: number): preset is Preset =>
    preset !== null && all.findIndex((other) => other?.until === preset.until) === index;
  return all.filter(apart);
}

export function tomorrowMorning(now: number): number {
  return at(now, 1, MORNING);
}

function laterToday(now: number): Preset | null {
  const until = Math.ceil((now + 2 * HOUR) / HALF_HOUR) * HALF_HOUR;
  return until < at(now, 0, 23) ? { name: "laterToday", until } : null;
}

function thisEvening(now: number): Preset | null {
  const until = at(now, 0, EVENING);
  return until - now > HOUR ? { name: "thisEvening", until } : null;
}

function daysToMonday(now: number): number {
  const ahead = (MONDAY - new Date(now).getDay() + 7) % 7;
  return ahead === 0 ? 7 : ahead;
}

function at(now: number, days: number, hour: number): number {
  const date = new Date(now);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + days, hour).getTime();
}
