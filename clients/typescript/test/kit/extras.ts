/** All that the entries bring to a device. */
import { checks, type Extra, forgetting, linking, requests, together } from "../../src/extras/index.js";

export const everything: readonly Extra[] = [checks, forgetting, linking, requests, together];
