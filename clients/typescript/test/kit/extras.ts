/** All that the entries bring to a device. */
import { checks, type Extra, linking, requests, together } from "../../src/extras/index.js";

export const everything: readonly Extra[] = [checks, linking, requests, together];
