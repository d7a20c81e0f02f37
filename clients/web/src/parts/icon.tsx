/** Our own icons, drawn on a grid of 24 with strokes of the text's colour. */

const SHAPES = {
  inbox: "M3.5 13.5 6 5.5h12l2.5 8v5a1 1 0 0 1-1 1h-15a1 1 0 0 1-1-1zM3.5 13.5h5l1.5 2.5h4l1.5-2.5h5",
  tasks: "M4 6.5l1.5 1.5L8 5M4 13l1.5 1.5L8 11.5M4 19.5 5.5 21 8 18M11.5 6.5H20M11.5 13H20M11.5 19.5H20",
  snoozed: "M12 20.5a8 8 0 1 0 0-16 8 8 0 0 0 0 16zM12 8v4.7l3 1.8M3 5.5 5.5 3.2M21 5.5l-2.5-2.3",
  archived: "M3.5 4.5h17v4h-17zM5 8.5v10a1 1 0 0 0 1 1h12a1 1 0 0 0 1-1v-10M10 12.5h4",
  devices: "M3 5.5h13v9.5H3zM1.5 18.5h11M16.5 9h5v10.5h-5zM18.5 17h1",
  settings: "M4 7h9M17 7h3M4 12h3M11 12h9M4 17h11M19 17h1M15 5v4M9 10v4M17 15v4",
  search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.5 20.5 20.5",
  close: "M6 6l12 12M18 6 6 18",
  more: "M5.5 11.4a.6.6 0 1 0 0 1.2.6.6 0 0 0 0-1.2zM12 11.4a.6.6 0 1 0 0 1.2.6.6 0 0 0 0-1.2zM18.5 11.4a.6.6 0 1 0 0 1.2.6.6 0 0 0 0-1.2z",
  back: "M10.5 5.5 4 12l6.5 6.5M4.5 12H20",
  chevron: "M9.5 6l6 6-6 6",
  pin: "M9 3.5h6l-.8 6 3.3 3.5h-11l3.3-3.5zM12 13v7.5",
  trash: "M4.5 6.5h15M9 6.5v-2h6v2M6.5 6.5l.8 13h9.4l.8-13M10 10.5v5.5M14 10.5v5.5",
  read: "M3.5 10 12 4l8.5 6v9.5h-17zM3.5 10l8.5 5.5L20.5 10",
  unread: "M3.5 6h17v12.5h-17zM3.5 6.5l8.5 6.5 8.5-6.5",
  unarchive:
    "M3.5 4.5h17v4h-17zM5 8.5v10a1 1 0 0 0 1 1h12a1 1 0 0 0 1-1v-10M12 17v-5.5M9.5 13.5 12 11l2.5 2.5",
  undo: "M8.5 5 4 9.5 8.5 14M4.5 9.5h9a5.5 5.5 0 0 1 0 11H9",
  redo: "M15.5 5 20 9.5 15.5 14M19.5 9.5h-9a5.5 5.5 0 0 0 0 11H15",
  pencil: "M4.5 19.5l1-4.5L16 4.5l3.5 3.5L9 18.5zM13.5 7l3.5 3.5",
  grip: "M9 6.5h.01M15 6.5h.01M9 12h.01M15 12h.01M9 17.5h.01M15 17.5h.01",
  phone: "M7 3h10v18H7zM11 18h2",
  flag: "M5.5 21V4h12l-2.5 4.5L17.5 13h-12",
  filter: "M4 6.5h16M7 12h10M10 17.5h4",
  check: "M4.5 12.5l5 5 10-11",
  checks: "M2 13l4.2 4.2L14 8M10.5 15.5l1.7 1.7L20.5 8",
  cloud: "M7 18.5a4.5 4.5 0 0 1-.6-8.9 6 6 0 0 1 11.5 1.2A3.9 3.9 0 0 1 17.5 18.5z",
  cloudOff:
    "M3.5 4 20 20.5M7 18.5a4.5 4.5 0 0 1-.6-8.9M9.6 6.2a6 6 0 0 1 8.3 4.6 3.9 3.9 0 0 1 2.2 6.3M7 18.5h9.5",
  local: "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16zM12 8v4l2.5 2",
  link: "M10 14l10-10M14 4h6v6M11 5.5H5.5a1 1 0 0 0-1 1v12a1 1 0 0 0 1 1h12a1 1 0 0 0 1-1V13",
  info: "M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17zM12 11v5M12 8h.01",
  success: "M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17zM8.5 12.3l2.4 2.4 4.6-5.2",
  warning: "M12 4 2.8 19.5h18.4zM12 10v4.5M12 17h.01",
  error: "M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17zM12 7.5V13M12 16h.01",
  critical: "M8.5 3.5h7l5 5v7l-5 5h-7l-5-5v-7zM12 7.5V13M12 16h.01",
  debug:
    "M8.5 9.5h7v6a3.5 3.5 0 0 1-7 0zM9 9.5a3 3 0 0 1 6 0M4.5 13h4M15.5 13h4M5 7.5l3.5 3M19 7.5l-3.5 3M5 19.5 8.7 17M19 19.5 15.3 17",
  pause: "M8.5 5.5v13M15.5 5.5v13",
  play: "M7.5 5 18.5 12 7.5 19z",
  stop: "M6.5 6.5h11v11h-11z",
  retry: "M19.5 12a7.5 7.5 0 1 1-2.4-5.5L20 9M20 4.5V9h-4.5",
  waiting: "M4.5 5h15v11h-8l-4 3.5V16h-3zM9.6 9a2.4 2.4 0 1 1 3.4 2.2c-.7.3-1 .7-1 1.3M12 14h.01",
  queued: "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16z",
  plus: "M12 5v14M5 12h14",
  sun: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 2.5v2.5M12 19v2.5M2.5 12H5M19 12h2.5M5.3 5.3 7 7M17 17l1.7 1.7M18.7 5.3 17 7M7 17l-1.7 1.7",
  moon: "M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z",
  contrast:
    "M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17zM12 3.5v17M12 7h6.8M12 10.3h8.3M12 13.7h8.3M12 17h6.8",
  system: "M3.5 5h17v11h-17zM9 20h6M12 16v4",
  language:
    "M3.5 6h9M8 3.5V6M10.5 6c-.8 3.5-3 6-6.5 7.5M5.5 8.5c1.2 2.2 3 3.8 5.5 4.8M12.5 20.5 16.5 10.5l4 10M13.8 17.5h5.4",
  keyboard:
    "M2.5 6.5h19v11h-19zM6 10h.01M9 10h.01M12 10h.01M15 10h.01M18 10h.01M6 13.8h.01M9 13.8h6M18 13.8h.01",
  copy: "M8.5 8.5h11v11h-11zM15.5 8.5v-4h-11v11h4",
  mark: "M5 13.5 12 6.5l7 7M5 19.5l7-7 7 7",
  calendar: "M4 6h16v14H4zM4 10.5h16M8.5 3.5V7M15.5 3.5V7",
  user: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20.5c.8-3.8 3.8-5.5 7.5-5.5s6.7 1.7 7.5 5.5",
  trouble: "M7 18.5a4.5 4.5 0 0 1-.6-8.9 6 6 0 0 1 11.5 1.2A3.9 3.9 0 0 1 17.5 18.5zM12 9.5v3.5M12 15.5h.01",
  qr: "M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2.5v2.5H14zM20 14v2.5M17.5 20H20M14 20h.01",
  bell: "M5.5 17h13l-1.5-2.5V11a5 5 0 0 0-10 0v3.5zM10 20h4",
} as const;

export type IconName = keyof typeof SHAPES;

interface IconProps {
  readonly name: IconName;
  /** Read out where the icon stands alone; without it the icon is decoration. */
  readonly label?: string;
  readonly class?: string;
}

export function Icon({ name, label, class: style = "" }: IconProps) {
  const drawing = (
    <svg class={`icon ${style}`} viewBox="0 0 24 24" aria-hidden="true">
      <path d={SHAPES[name]} />
    </svg>
  );
  if (label === undefined) return drawing;
  return (
    <span class="icon-place" role="img" aria-label={label} title={label}>
      {drawing}
    </span>
  );
}
