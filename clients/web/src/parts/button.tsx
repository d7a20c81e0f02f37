/** Buttons: with words, or of an icon alone with a name for who can't see it. */

import type { ComponentChildren, TargetedMouseEvent } from "preact";
import { Icon, type IconName } from "./icon.tsx";

interface ButtonProps {
  readonly children: ComponentChildren;
  readonly icon?: IconName;
  readonly look?: "plain" | "primary" | "danger" | "quiet";
  readonly type?: "button" | "submit";
  readonly disabled?: boolean;
  readonly onClick?: (event: TargetedMouseEvent<HTMLButtonElement>) => void;
}

export function Button({
  children,
  icon,
  look = "plain",
  type = "button",
  disabled = false,
  onClick,
}: ButtonProps) {
  return (
    <button type={type} class={`button button-${look}`} disabled={disabled} onClick={onClick}>
      {icon !== undefined && <Icon name={icon} />}
      <span>{children}</span>
    </button>
  );
}

interface IconButtonProps {
  readonly icon: IconName;
  /** Its name, read out and shown on hovering. */
  readonly label: string;
  /** The key that does the same. */
  readonly shortcut?: string;
  readonly class?: string;
  readonly pressed?: boolean;
  readonly expanded?: boolean;
  readonly disabled?: boolean;
  /** Left out when going by Tab: there is another way to it. */
  readonly skipped?: boolean;
  /** For `data-action`, by which it is found. */
  readonly action?: string;
  readonly onClick: (event: TargetedMouseEvent<HTMLButtonElement>) => void;
}

export function IconButton(props: IconButtonProps) {
  const { icon, label, shortcut, class: style = "", pressed, expanded, disabled = false, onClick } = props;
  const { skipped = false, action } = props;
  return (
    <button
      type="button"
      class={`icon-button ${style}`}
      aria-label={label}
      aria-pressed={pressed}
      aria-expanded={expanded}
      aria-haspopup={expanded === undefined ? undefined : "menu"}
      aria-keyshortcuts={shortcut}
      title={shortcut === undefined ? label : `${label} (${shortcut})`}
      disabled={disabled}
      data-action={action}
      {...(skipped && { tabIndex: -1 })}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  );
}
