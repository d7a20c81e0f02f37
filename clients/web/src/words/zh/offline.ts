import type { Words } from "../en.ts";

export const offline: Words["offline"] = {
  newVersion: "有新版本",
  reload: "重新加载",
  install: {
    title: "作为应用使用",
    installed: "已安装在这台设备上，没有网络也能打开。",
    offered: "安装后，“同步”有自己的窗口和图标，没有网络也能打开。",
    byMenu: "可通过浏览器菜单安装，或添加到主屏幕。无论是否安装，没有网络都能打开。",
    ask: "安装",
  },
  notices: {
    title: "系统通知",
    off: "当“同步”的页面不在眼前时，这台设备可以提示新通知和已结束的任务。浏览器会询问你一次。",
    on: "当“同步”的页面不在眼前时，这台设备会提示新通知和已结束的任务。机密内容（core 类）从不显示。",
    denied: "浏览器已禁止本站发送通知，可在浏览器的网站设置中重新允许。",
    impossible: "这个浏览器在此处无法显示系统通知。通过 https 访问或安装为应用后也许可以。",
    turnOn: "开启",
    turnOff: "关闭",
  },
};
