export const settings = {
  title: "Settings",
  appearance: "Appearance and language",
  account: "Account",
  user: "User",
  device: "This device",
  signOut: "Sign out",
  signOutTitle: "Sign out on this device?",
  signOutText: "This device forgets everything it holds. What is on the hub stays there.",
  signOutUnsaved: (count: number) =>
    count === 1
      ? "1 change is not saved yet and would be lost."
      : `${count} changes are not saved yet and would be lost.`,
  signOutAnyway: (count: number) =>
    count === 1 ? "Sign out and lose 1 change" : `Sign out and lose ${count} changes`,
  storage: "On this device",
  storageText: "The inbox is kept in this browser, so that it opens at once and works offline.",
  held: (items: number) => (items === 1 ? "1 item" : `${items} items`),
  size: "Space taken",
  items: "Items here",
  unsavedChanges: "Not saved yet",
  forget: "Forget everything here",
  about: "About",
  version: "Version of the hub",
  address: "Address",
  api: "API description",
  keyboard: "Keyboard",
  keyboardText: "Everything works by keyboard.",
  keyboardShow: "Show the keys",
};
