/** What the inbox on every device shares: how lists are arranged, laid out and worded. Pure; made into `vendor/inbox.js`. */
import { en, type Words } from "../../web/src/words/en.ts";
import type { Language } from "../../web/src/words/languages.ts";
import { zh } from "../../web/src/words/zh.ts";

export { actorOf } from "../../web/src/model/actors.ts";
export { addDays, dayOf, startOfDay } from "../../web/src/model/days.ts";
export { explained } from "../../web/src/model/errors.ts";
export { EVERYTHING } from "../../web/src/model/filter.ts";
export { itemOf } from "../../web/src/model/flat.ts";
export {
  type Glimpse,
  glimpse,
  type Layout,
  layOut,
  type Measures,
} from "../../web/src/model/layout.ts";
export { Listing } from "../../web/src/model/listing.ts";
export { type SavedState, savedState } from "../../web/src/model/saved-state.ts";
export { type SeenWatch, watchSeen } from "../../web/src/model/seen.ts";
export { type Preset, presets } from "../../web/src/model/snooze.ts";
export { DAY, HOUR, MINUTE, type Times, type TimeWords } from "../../web/src/model/times.ts";
export { type Step, takingBack, type Undoable, UndoStack } from "../../web/src/model/undo.ts";
export { Value } from "../../web/src/model/value.ts";
export { arrange, LIST_NAMES, type ListName } from "../../web/src/model/views.ts";
export { type Language, preferredLanguage } from "../../web/src/words/languages.ts";
export type { Words };

/** A program is loaded as a whole: so are the words of all languages. */
export const WORDS: Readonly<Record<Language, Words>> = { en, zh };
