import type { Status } from "@tongbu/client";

const status: Record<Status, string> = {
  queued: "To do",
  running: "Running",
  paused: "Paused",
  input_required: "Needs you",
  succeeded: "Succeeded",
  failed: "Failed",
  canceled: "Canceled",
  expired: "Expired",
};

export const task = {
  status,
  newTask: "New task",
  title: "Title",
  body: "Details, if any",
  create: "Create",
  attempt: (count: number) => `Attempt ${count}`,
  progress: "Progress",
  pause: "Pause",
  resume: "Resume",
  cancel: "Cancel task",
  retry: "Try again",
  done: "Mark as done",
  cancelTitle: "Cancel this task?",
  cancelText:
    "An end is final: it is told to every device and channel, and can't be undone. You can try again later.",
  keep: "Keep it",
};
