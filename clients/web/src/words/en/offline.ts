export const offline = {
  newVersion: "A new version is here",
  reload: "Reload",
  install: {
    title: "As an app",
    installed: "Tongbu is installed here. It starts without a network, too.",
    offered: "Installed, Tongbu has a window and an icon of its own, and starts without a network.",
    byMenu:
      "The browser's menu can install Tongbu or put it on the home screen. It starts without a network either way.",
    ask: "Install",
  },
  notices: {
    title: "System notifications",
    off: "While no Tongbu page is in view, this device can show new notifications and tasks that ended. The browser asks you once.",
    on: "While no Tongbu page is in view, this device shows new notifications and tasks that ended. Confidential ones (class core) are never shown.",
    denied: "The browser refuses them for this site. Its site settings can allow them again.",
    impossible: "This browser can't show them here. Over https, and in an installed app, it may.",
    turnOn: "Turn on",
    turnOff: "Turn off",
  },
};
