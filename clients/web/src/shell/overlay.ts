/** What lies over the page: one menu, one dialog, one toast at a time. Drawn by `parts/`. */

import type { ComponentChildren } from "preact";
import { Value } from "../model/value.ts";
import type { IconName } from "../parts/icon.tsx";

export interface MenuEntry {
  readonly label: string;
  readonly icon?: IconName;
  /** Beside the label, such as a time. */
  readonly hint?: string;
  /** What does the same on a keyboard. */
  readonly shortcut?: string;
  readonly danger?: boolean;
  /** Of one of several choices. */
  readonly checked?: boolean;
  /** Begins a new part of the menu. */
  readonly divided?: boolean;
  readonly run: () => void;
}

export interface MenuRequest {
  readonly title: string;
  readonly entries: readonly MenuEntry[];
  /** The menu opens beside it, and gives the focus back to it. */
  readonly anchor: Element;
}

export interface ToastRequest {
  readonly text: string;
  readonly tone?: "plain" | "problem";
  readonly action?: { readonly label: string; readonly run: () => void };
}

export interface Overlay {
  readonly menu: Value<MenuRequest | null>;
  readonly dialog: Value<(() => ComponentChildren) | null>;
  readonly toast: Value<ToastRequest | null>;
}

export function openOverlay(): Overlay {
  return {
    menu: new Value<MenuRequest | null>(null),
    dialog: new Value<Dialog>(null),
    toast: new Value<ToastRequest | null>(null),
  };
}

type Dialog = (() => ComponentChildren) | null;
