/** Everything the page says, in English. The type of this object is what every language must hold. */

import { devices } from "./en/devices.ts";
import { errors } from "./en/errors.ts";
import { inbox } from "./en/inbox.ts";
import { offline } from "./en/offline.ts";
import { settings } from "./en/settings.ts";
import { shell } from "./en/shell.ts";
import { task } from "./en/task.ts";
import { times } from "./en/times.ts";

export const en = { shell, times, inbox, task, devices, offline, settings, errors };

export type Words = typeof en;
