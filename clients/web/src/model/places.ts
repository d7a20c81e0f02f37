/**
 * The order of entries that several people move at once. Each entry has a place, a number; moving one states its place
 * alone, so that what others write in it meanwhile stays in it.
 */

/** A place between two others, null for none; null where no number is left between them. */
export function between(before: number | null, after: number | null): number | null {
  if (before === null) return after === null ? 0 : after - 1;
  if (after === null) return before + 1;
  const middle = (before + after) / 2;
  return before < middle && middle < after ? middle : null;
}

/** Each one's place. Who has none stands right behind the one stated before. */
export function placesOf(stated: readonly (number | null)[]): readonly number[] {
  let before = 0;
  return stated.map((place) => {
    before = place ?? before;
    return before;
  });
}
