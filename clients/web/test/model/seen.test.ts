import { expect, test, vi } from "vitest";
import { DWELL, watchSeen } from "../../src/model/seen.ts";

function after(delay: number, run: () => void) {
  const timer = setTimeout(run, delay);
  return () => clearTimeout(timer);
}

test("Seen is what stayed in sight for a moment, not what passed by", () => {
  vi.useFakeTimers();
  const seen: string[] = [];
  const watch = watchSeen((ids) => seen.push(...ids), after);
  watch.look(["stays", "passes"]);
  vi.advanceTimersByTime(DWELL / 2);
  watch.look(["stays", "comes"]);
  vi.advanceTimersByTime(DWELL / 2);
  expect(seen).toEqual(["stays"]);
  watch.look([]);
  vi.advanceTimersByTime(DWELL * 2);
  expect(seen).toEqual(["stays"]);
  vi.useRealTimers();
});
