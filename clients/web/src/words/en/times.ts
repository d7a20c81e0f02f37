export const times = {
  now: "now",
  today: "today",
  yesterday: "yesterday",
  tomorrow: "tomorrow",
  seconds: (count: number) => `${count} s`,
  minutes: (count: number) => `${count} min`,
  hours: (count: number, minutes: number) => (minutes === 0 ? `${count} h` : `${count} h ${minutes} min`),
  days: (count: number, hours: number) => (hours === 0 ? `${count} d` : `${count} d ${hours} h`),
};
