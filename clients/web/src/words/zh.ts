/** Everything the page says, in Chinese. */

import type { Words } from "./en.ts";
import { devices } from "./zh/devices.ts";
import { errors } from "./zh/errors.ts";
import { inbox } from "./zh/inbox.ts";
import { offline } from "./zh/offline.ts";
import { settings } from "./zh/settings.ts";
import { shell } from "./zh/shell.ts";
import { task } from "./zh/task.ts";
import { times } from "./zh/times.ts";

export const zh: Words = { shell, times, inbox, task, devices, offline, settings, errors };
