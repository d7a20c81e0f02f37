/** What the mini program says beside what every inbox says (`vendor/inbox`). */

export const en = {
  tabs: { inbox: "Inbox", devices: "Devices" },
  noHub: {
    title: "Not signed in",
    text: "Sign in with a code from a device that is signed in.",
    act: "Sign in",
  },
  signIn: {
    title: "Sign in to Tongbu",
    text: "On a signed-in device open Devices and link a new one, then scan its code here.",
    scan: "Scan the code",
    or: "or type it in",
    address: "Address of the hub",
    code: "Link code",
    submit: "Sign in",
    connecting: "Signing in…",
    noCode: "That code holds no address and no link code of a hub.",
    noAddress: "The address begins with https:// (or http:// in the developer tools).",
  },
  nextTry: (waits: string, time: string) => `${waits} Next try at ${time}.`,
  task: { title: "Task" },
  notification: { title: "Notification" },
  link: { copy: "Copy the link" },
  devices: {
    thisDevice: "This device",
    revoke: "Revoke",
    revokeTitle: "Revoke this device?",
    revokeText: "It is signed out at once, for good. What it has not saved yet is lost.",
    seen: (time: string) => `last seen ${time}`,
    linkNew: "Link another device",
    linkText: (time: string) =>
      `Valid once, until ${time}. Type it in on the other device, or open the link there.`,
    signOut: "Sign out",
    signOutTitle: "Sign out on this device?",
    signOutText: "Everything kept here is removed. What is on the hub stays.",
    signOutUnsaved: (count: number) =>
      `${count === 1 ? "1 change was" : `${count} changes were`} not saved on the hub yet and will be lost.`,
    failed: "The hub could not be asked.",
  },
};

export type ProgramWords = typeof en;

export const zh: ProgramWords = {
  tabs: { inbox: "收件箱", devices: "设备" },
  noHub: { title: "尚未登录", text: "使用已登录设备上的关联码登录。", act: "登录" },
  signIn: {
    title: "登录同步",
    text: "在已登录的设备上打开“设备”，关联新设备，然后在这里扫码。",
    scan: "扫码登录",
    or: "或手动输入",
    address: "服务器地址",
    code: "关联码",
    submit: "登录",
    connecting: "正在登录…",
    noCode: "这个码里没有服务器地址和关联码。",
    noAddress: "地址应以 https:// 开头（开发者工具中也可用 http://）。",
  },
  nextTry: (waits, time) => `${waits}将于 ${time} 重试。`,
  task: { title: "任务" },
  notification: { title: "通知" },
  link: { copy: "复制链接" },
  devices: {
    thisDevice: "本设备",
    revoke: "移除",
    revokeTitle: "移除这台设备？",
    revokeText: "它会立即退出登录且无法恢复，尚未保存的更改会丢失。",
    seen: (time) => `最近在线 ${time}`,
    linkNew: "关联新设备",
    linkText: (time) => `仅限一次，${time} 前有效。在另一台设备上输入，或在那里打开链接。`,
    signOut: "退出登录",
    signOutTitle: "在本设备退出登录？",
    signOutText: "本机保存的内容会被清除，服务器上的不受影响。",
    signOutUnsaved: (count) => `有 ${count} 项更改尚未保存到服务器，将会丢失。`,
    failed: "无法从服务器获取。",
  },
};
