import { useState } from "preact/hooks";
import { IconButton } from "./button.tsx";

interface CopyButtonProps {
  readonly text: string;
  readonly label: string;
  /** Its name once it was done. */
  readonly done: string;
}

/** Copies a text; nothing where the browser lets pages not copy, as over plain http. */
export function CopyButton({ text, label, done }: CopyButtonProps) {
  const [copied, setCopied] = useState(false);
  if (navigator.clipboard === undefined) return null;
  const copy = () => void navigator.clipboard.writeText(text).then(() => setCopied(true));
  return <IconButton icon={copied ? "check" : "copy"} label={copied ? done : label} onClick={copy} />;
}
