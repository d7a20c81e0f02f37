import type { Command } from "../../model/keys.ts";
import type { ListName } from "../../model/views.ts";

const lists: Record<ListName, string> = {
  inbox: "Inbox",
  tasks: "Tasks",
  snoozed: "Snoozed",
  archived: "Archive",
};

const commands: Record<Command, string> = {
  next: "Next item",
  previous: "Previous item",
  open: "Open",
  archive: "Archive, or back to the inbox",
  read: "Mark as read or unread",
  snooze: "Snooze",
  undo: "Undo",
  pin: "Pin or unpin",
  delete: "Delete",
  search: "Search",
  newTask: "New task",
  help: "This list",
  back: "Back, close",
  goInbox: "Go to the inbox",
  goTasks: "Go to the tasks",
  goSnoozed: "Go to what is snoozed",
  goArchived: "Go to the archive",
  goDevices: "Go to the devices",
  goSettings: "Go to the settings",
};

const changes = (count: number) => (count === 1 ? "1 change" : `${count} changes`);

export const shell = {
  name: "Tongbu",
  lists,
  devices: "Devices",
  settings: "Settings",
  navigation: "Main",
  skipToContent: "Skip to the list",
  search: "Search",
  searchHint: "Search what is here",
  clearSearch: "Clear the search",
  unreadCount: (count: number) => (count === 1 ? "1 unread" : `${count} unread`),
  openCount: (count: number) => (count === 1 ? "1 open" : `${count} open`),
  documentTitle: (unread: number, page: string) => `${unread > 0 ? `(${unread}) ` : ""}${page} · Tongbu`,
  close: "Close",
  cancel: "Cancel",
  back: "Back",
  more: "More",
  saved: {
    saved: "Saved",
    starting: "Starting…",
    connecting: "Connecting…",
    unsaved: (count: number) => `${changes(count)} not saved yet`,
    offline: "Offline",
    offlineSince: (time: string) => `Offline since ${time}`,
    kept: "Everything you do is kept here.",
    keptOffline: "Offline; everything you do is kept here",
    keptSince: (time: string) => `Offline since ${time}; everything you do is kept here`,
    waiting: (count: number) => `${changes(count)} will be saved once the hub is back.`,
    signIn: "Sign in again",
    signInDetail:
      "The hub no longer takes this device's token. What you did is kept and saved after you sign in.",
    trouble: "This device keeps nothing",
    troubleDetail:
      "The browser's storage is full or refuses. Everything still reaches the hub, but what is not saved there when this page ends is lost.",
    allSaved: "Everything is on the hub's disk.",
    retryIn: (why: string, time: string) => `${why} Next try in ${time}.`,
    tryingNow: "Trying now…",
    tryNow: "Try now",
    label: "Connection and saving",
  },
  theme: { label: "Theme", auto: "Match system", light: "Light", dark: "Dark" },
  language: { label: "Language", auto: "Match browser" },
  help: {
    title: "Keyboard",
    andThen: "then",
    or: "or",
    commands,
  },
  refused: (message: string) => `The hub did not take a change: ${message}`,
  failed: "Something went wrong on this page.",
  failedItem: "This item can't be shown.",
  toList: "Back to the list",
  failedDetail: "Your items are safe. Loading the page anew usually helps.",
  reload: "Load anew",
};
