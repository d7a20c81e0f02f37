import type { Words } from "../en.ts";

export const devices: Words["devices"] = {
  title: "设备",
  signIn: {
    title: "登录同步",
    text: "在已登录的设备上扫码，或粘贴令牌或关联码。",
    field: "令牌或关联码",
    submit: "登录",
    empty: "请先粘贴令牌或关联码。",
    refused: (message) => `登录失败：${message}`,
    connecting: "正在登录…",
  },
};
