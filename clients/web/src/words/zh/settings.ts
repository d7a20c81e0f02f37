import type { Words } from "../en.ts";

export const settings: Words["settings"] = {
  title: "设置",
  appearance: "外观与语言",
  account: "账户",
  user: "用户",
  device: "本设备",
  signOut: "退出登录",
  signOutTitle: "在本设备上退出登录？",
  signOutText: "本设备会清除其上的全部内容，服务器上的内容不受影响。",
  signOutUnsaved: (count) => `有 ${count} 项更改尚未保存，退出后会丢失。`,
  keyboard: "键盘",
  keyboardText: "所有操作都可以用键盘完成。",
  keyboardShow: "查看快捷键",
};
