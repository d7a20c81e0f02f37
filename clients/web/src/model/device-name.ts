/** What a person reads in the list of their devices: `Chrome · Android`. */

const BROWSERS = [
  ["MicroMessenger", "WeChat"],
  ["Edg", "Edge"],
  ["Firefox", "Firefox"],
  ["Chrome", "Chrome"],
  ["Safari", "Safari"],
] as const;

const SYSTEMS = [
  ["iPhone", "iPhone"],
  ["iPad", "iPad"],
  ["Android", "Android"],
  ["Mac OS", "Mac"],
  ["Windows", "Windows"],
  ["Linux", "Linux"],
] as const;

function found(agent: string, names: readonly (readonly [mark: string, name: string])[]): string | undefined {
  return names.find(([mark]) => agent.includes(mark))?.[1];
}

/** @param agent as the browser names itself. */
export function deviceName(agent: string): string {
  return [found(agent, BROWSERS) ?? "Browser", found(agent, SYSTEMS)].filter(Boolean).join(" · ");
}
