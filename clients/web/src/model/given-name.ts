/** What a person calls a device, as the hub takes it. */

/** Nobody sees them, but they break the line or change how the rest is shown. */
const HIDDEN = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Joiners have their place between two others, in emoji of several parts and in Persian. */
const OUT_OF_PLACE = /^[\s\u200c\u200d]+|[\s\u200c\u200d]+$|[\u200c\u200d]{2,}/gu;

/** A character that shows something by itself; the letters named are drawn as nothing. */
const SEEN = /[^\p{C}\p{Z}\p{Mn}\p{Me}\u115f\u1160\u2800\u3164\uffa0]/u;

/** The name in one line, without what is hidden; empty where nothing of it can be seen. */
export function givenName(typed: string): string {
  const name = typed.replace(/\s+/gu, " ").replace(HIDDEN, "").replace(OUT_OF_PLACE, "");
  return SEEN.test(name) ? name : "";
}
