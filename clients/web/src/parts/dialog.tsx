/** A dialog over the page: the browser's own, which keeps the focus within and gives it back. One at a time. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { usePage, useWords } from "../shell/context.ts";
import { useReadable } from "../shell/readable.ts";
import { Button, IconButton } from "./button.tsx";
import { Icon } from "./icon.tsx";

export function DialogHost() {
  const { overlay } = usePage();
  const content = useReadable(overlay.dialog);
  return content?.() ?? null;
}

interface DialogProps {
  readonly title: string;
  readonly children: ComponentChildren;
  /** Below the content; without it the dialog has a cross alone. */
  readonly foot?: ComponentChildren;
  readonly wide?: boolean;
}

export function Dialog({ title, children, foot, wide = false }: DialogProps) {
  const { overlay } = usePage();
  const words = useWords();
  const ref = useRef<HTMLDialogElement>(null);
  const close = () => overlay.dialog.set(null);
  // The browser tells of a close later: by then the next dialog may be open.
  const closed = () => ref.current !== null && close();
  useEffect(() => {
    const dialog = ref.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the browser closes a dialog by Escape
    <dialog
      ref={ref}
      class={`dialog${wide ? " is-wide" : ""}`}
      aria-label={title}
      onCancel={close}
      onClose={closed}
      onClick={(event) => event.target === event.currentTarget && close()}
    >
      <div class="dialog-body">
        <header class="dialog-head">
          <h2>{title}</h2>
          <IconButton icon="close" label={words.shell.close} onClick={close} />
        </header>
        <div class="dialog-content">{children}</div>
        {foot !== undefined && <footer class="dialog-foot">{foot}</footer>}
      </div>
    </dialog>
  );
}

interface ConfirmProps {
  readonly title: string;
  readonly text: string;
  readonly more?: string;
  /** What would be lost: said before all else. */
  readonly warning?: string;
  readonly confirm: string;
  readonly decline?: string;
  readonly danger?: boolean;
  readonly onConfirm: () => void;
}

export function Confirm(props: ConfirmProps) {
  const { title, text, more, warning, confirm, decline, danger = false, onConfirm } = props;
  const { overlay } = usePage();
  const words = useWords();
  const close = () => overlay.dialog.set(null);
  const agree = () => {
    close();
    onConfirm();
  };
  const foot = (
    <>
      <Button onClick={close}>{decline ?? words.shell.cancel}</Button>
      <Button look={danger ? "danger" : "primary"} onClick={agree}>
        {confirm}
      </Button>
    </>
  );
  return (
    <Dialog title={title} foot={foot}>
      {warning !== undefined && (
        <p class="dialog-warning" role="alert">
          <Icon name="trouble" />
          {warning}
        </p>
      )}
      <p>{text}</p>
      {more !== undefined && <p class="is-muted">{more}</p>}
    </Dialog>
  );
}
