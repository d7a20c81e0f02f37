import type { Words } from "../en.ts";

export const task: Words["task"] = {
  status: {
    queued: "待办",
    running: "进行中",
    paused: "已暂停",
    input_required: "等你处理",
    succeeded: "成功",
    failed: "失败",
    canceled: "已取消",
    expired: "已过期",
  },
  newTask: "新建任务",
  title: "标题",
  body: "说明（可选）",
  create: "创建",
  attempt: (count) => `第 ${count} 次尝试`,
  progress: "进度",
  pause: "暂停",
  resume: "继续",
  cancel: "取消任务",
  retry: "重试",
  done: "标为完成",
  cancelTitle: "取消这个任务？",
  cancelText: "取消后无法撤销，所有设备和渠道都会收到通知。之后可以重试。",
  keep: "保留",
};
