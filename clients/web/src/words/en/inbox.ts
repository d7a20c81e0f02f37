import type { Durability, Level } from "@tongbu/client";
import type { Show } from "../../model/filter.ts";
import type { PresetName } from "../../model/snooze.ts";
import type { ListName } from "../../model/views.ts";

const levels: Record<Level, string> = {
  debug: "Debug",
  info: "Info",
  success: "Success",
  warning: "Warning",
  error: "Error",
  critical: "Critical",
};

const show: Record<Show, string> = { all: "All", unread: "Unread", pinned: "Pinned" };

const durability: Record<Durability, string> = {
  local: "Only on this device so far",
  saved: "Saved on the hub",
  forwarded: "Saved, and taken by every channel",
};

const presets: Record<PresetName, string> = {
  inAnHour: "In 1 hour",
  laterToday: "Later today",
  thisEvening: "This evening",
  tomorrowMorning: "Tomorrow morning",
  nextWeek: "Next week",
};

const empty: Record<ListName, { readonly title: string; readonly text: string }> = {
  inbox: { title: "All done", text: "Whatever comes in appears here, on every device at once." },
  tasks: { title: "No tasks", text: "Tasks that programs start, and to-dos of your own, appear here." },
  snoozed: { title: "Nothing is snoozed", text: "What you snooze waits here until its time comes." },
  archived: { title: "The archive is empty", text: "What you archive is kept here, out of the way." },
};

const items = (count: number) => (count === 1 ? "1 item" : `${count} items`);

export const inbox = {
  levels,
  show,
  durability,
  presets,
  empty,
  nothingFound: {
    title: "Nothing found",
    search: (words: string) => `Nothing in this list holds “${words}”.`,
    filter: "No item in this list fits the filter.",
    both: (words: string) => `No item that fits the filter holds “${words}”.`,
    elsewhere: (list: string, count: number) => `${list}: ${count}`,
    also: "Found in",
  },
  showAll: "Show everything",
  welcome: {
    title: "Your inbox is ready",
    text: "What your programs have to say comes here, and is on all your devices at once.",
    send: "Raise a first notification, on the hub's machine:",
    example: "It works",
    link: "Have it on your phone, too.",
    task: "Write down something to do.",
  },
  loading: "Loading…",
  firstSync: "Fetching your items from the hub…",
  offlineEmpty: {
    title: "Nothing here yet",
    text: "The hub can't be reached, and this device holds nothing yet. It goes on by itself.",
  },
  list: (name: string, count: number) => `${name}, ${items(count)}`,
  groups: {
    pinned: "Pinned",
    unsaved: "Not saved yet",
    ended: "Ended",
    status: {
      input_required: "Needs you",
      running: "Running",
      paused: "Paused",
      queued: "To do",
    } as Readonly<Record<string, string>>,
  },
  filter: "Filter",
  filterOn: "Filter, on",
  kind: { any: "All kinds", notification: "Notifications", task: "Tasks" },
  anyLevel: "All levels",
  anySource: "All sources",
  clearFilter: "Clear the filter",
  unread: "Unread",
  unseen: "New",
  pinned: "Pinned",
  woken: "Back from snooze",
  actions: {
    archive: "Archive",
    unarchive: "Move to the inbox",
    read: "Mark as read",
    unread: "Mark as unread",
    snooze: "Snooze",
    unsnooze: "Back to the inbox now",
    pin: "Pin",
    unpin: "Unpin",
    delete: "Delete",
    open: "Open",
    more: "More actions",
    readAll: "Mark all read",
  },
  done: {
    archived: "Archived",
    unarchived: "Moved to the inbox",
    read: "Marked as read",
    unread: "Marked as unread",
    snoozed: (until: string) => `Snoozed until ${until}`,
    unsnoozed: "Back in the inbox",
    pinned: "Pinned",
    unpinned: "Unpinned",
    deleted: "Deleted",
    undone: "Undone",
    nothingToUndo: "Nothing to undo",
  },
  undo: "Undo",
  readAll: {
    title: "Mark all read?",
    text: (count: number) =>
      `${count === 1 ? "1 item becomes" : `${count} items become`} read on all your devices. What arrives meanwhile stays unread.`,
    honest: "Undo marks the same ones unread again. They stay seen: others may have been told already.",
    confirm: "Mark all read",
    done: (count: number) => `${items(count)} marked as read`,
    nothing: "Nothing is unread",
  },
  snooze: {
    title: "Snooze until",
    pick: "Pick a time…",
    pickTitle: "Snooze until",
    when: "When",
    confirm: "Snooze",
    past: "Choose a time that is still to come.",
    until: (time: string) => `Until ${time}`,
  },
  detail: {
    none: "Nothing is open",
    noneText: "What you open is shown here. Press ? for the keys.",
    gone: "This item is not here",
    goneText: "It was deleted, or it was never yours.",
    looking: "Looking it up…",
    lookUpOffline: "It is not on this device, and the hub can't be reached now.",
    by: "By",
    authors: {
      here: "This device",
      hub: "The hub",
      otherDevice: "Another device",
      ownProgram: "A program of yours",
      program: (user: string) => `${user} (program)`,
      channel: (channel: string, who: string) => `${who} (${channel})`,
    },
    at: "Received",
    created: "Created",
    source: "Source",
    tags: "Tags",
    due: "Due",
    data: "Data",
    level: "Level",
    state: "State",
    copy: "Copy",
    copied: "Copied",
    link: "Open link",
    linkTo: (host: string) => `Open ${host}`,
    receipts: "Forwarded",
    noReceipts: "Not forwarded to any channel.",
    notSaved: "Not saved yet",
    fromHistory: "From the history: it is on the hub only.",
  },
  receipts: {
    sent: "delivered",
    partial: "delivered in part: not all recipients, or not all parts",
    suppressed: "kept in the hub: somebody was faster, or the channel may not have it",
    dead: "not delivered: given up. Whoever runs the hub sees why and can send it again",
    pending: "on its way",
    leased: "being sent",
  } as Readonly<Record<string, string>>,
  channels: { wechat: "WeChat", wecom: "WeCom" } as Readonly<Record<string, string>>,
  history: {
    more: "Look further back",
    loading: "Fetching from the hub…",
    end: "That is all there is.",
    failed: "The hub could not be asked.",
    again: "Try again",
    heading: "From the history",
  },
};
