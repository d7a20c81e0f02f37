/** What the entries of the platforms bring to `createHub`, for a platform of one's own: each is left out by not importing it. */

export { StoreInUse, StoreUnusable } from "../platform/store-errors.js";
export type { Extra } from "../session/extra.js";
export { together } from "../session/pages.js";
export { checks } from "./checks.js";
export { forgetting } from "./forgetting.js";
export { LinkCodeRefused, linking } from "./linking.js";
export { requests } from "./requests.js";
