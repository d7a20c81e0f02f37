/** Times as `<input type="datetime-local">` writes them, in the device's own time zone. */

const MINUTE = 60_000;

export function localText(at: number): string {
  return new Date(at - new Date(at).getTimezoneOffset() * MINUTE).toISOString().slice(0, 16);
}

/** Milliseconds since 1970; null where it is no time. */
export function timeOf(text: string): number | null {
  const at = new Date(text).getTime();
  return Number.isNaN(at) ? null : at;
}
