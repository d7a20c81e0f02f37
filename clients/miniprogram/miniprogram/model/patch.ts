/** What of a page's data changed, as the paths that `setData` takes: only they cross from the program to what draws it. */

export type Plain = null | boolean | number | string | readonly Plain[] | { readonly [key: string]: Plain };
export type Patch = { [path: string]: Plain };

/** Nothing in it where both say the same. A list whose length or members changed goes whole: lists here are short windows. */
export function patchOf(before: object, after: object): Patch {
  const patch: Patch = {};
  for (const [key, value] of Object.entries(after)) {
    compare(key, (before as Record<string, Plain>)[key], value, patch);
  }
  return patch;
}

export function isEmpty(patch: Patch): boolean {
  return Object.keys(patch).length === 0;
}

function compare(path: string, before: Plain | undefined, after: Plain, patch: Patch): void {
  if (before === after) return;
  if (isList(before) && isList(after) && sameMembers(before, after)) {
    after.forEach((value, index) => {
      compare(`${path}[${index}]`, before[index], value, patch);
    });
  } else if (isMap(before) && isMap(after) && sameKeys(before, after)) {
    for (const key of Object.keys(after)) compare(`${path}.${key}`, before[key], after[key] ?? null, patch);
  } else {
    patch[path] = after;
  }
}

function isList(value: Plain | undefined): value is readonly Plain[] {
  return Array.isArray(value);
}

function isMap(value: Plain | undefined): value is { readonly [key: string]: Plain } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function sameKeys(before: object, after: object): boolean {
  const keys = Object.keys(after);
  return keys.length === Object.keys(before).length && keys.every((key) => key in before);
}

function sameMembers(before: readonly Plain[], after: readonly Plain[]): boolean {
  return (
    before.length === after.length && after.every((value, index) => keyOf(value) === keyOf(before[index]))
  );
}

function keyOf(value: Plain | undefined): Plain | undefined {
  return isMap(value) ? value.key : undefined;
}
