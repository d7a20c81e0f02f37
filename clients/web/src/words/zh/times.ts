import type { Words } from "../en.ts";

export const times: Words["times"] = {
  now: "刚刚",
  today: "今天",
  yesterday: "昨天",
  tomorrow: "明天",
  seconds: (count) => `${count} 秒`,
  minutes: (count) => `${count} 分钟`,
  hours: (count, minutes) => (minutes === 0 ? `${count} 小时` : `${count} 小时 ${minutes} 分钟`),
  days: (count, hours) => (hours === 0 ? `${count} 天` : `${count} 天 ${hours} 小时`),
};
