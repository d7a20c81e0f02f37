/** Errors of the hub and of this device, in words. */

/** As the hub and the client tell them: `code` is stable, `message` is English. */
export interface Told {
  readonly code: string;
  readonly message: string;
}

export interface ErrorWords {
  readonly codes: Readonly<Record<string, string>>;
  readonly withDetail: (text: string, detail: string) => string;
}

/** What a code says; null where it is not known. */
export function wordsOf(code: string, codes: ErrorWords["codes"]): string | null {
  return Object.hasOwn(codes, code) ? (codes[code] ?? null) : null;
}

/** What the code means, with the message as its detail; the message alone where the code is not known. */
export function explained({ code, message }: Told, { codes, withDetail }: ErrorWords): string {
  const text = wordsOf(code, codes);
  if (text === null) return message;
  return message === "" ? text : withDetail(text, message);
}
