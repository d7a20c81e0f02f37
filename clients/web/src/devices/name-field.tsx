import { useEffect, useRef } from "preact/hooks";
import { givenName } from "../model/given-name.ts";
import { useWords } from "../shell/context.ts";

/** Characters, as the hub takes them. */
const MOST = 100;

interface NameFieldProps {
  readonly name: string;
  /** The name that was given; null where it stays. */
  readonly onEnd: (name: string | null) => void;
}

/** A device's name in its place: Enter or going on keeps it, Escape leaves it as it was. */
export function NameField({ name, onEnd }: NameFieldProps) {
  const { devices } = useWords();
  const ref = useRef<HTMLInputElement>(null);
  const ended = useRef(false);
  useEffect(() => {
    ref.current?.focus();
    ref.current?.select();
  }, []);
  const end = (keep: boolean) => {
    if (ended.current) return;
    ended.current = true;
    const given = givenName(ref.current?.value ?? "");
    onEnd(keep && given !== "" && given !== name ? given : null);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing || (event.key !== "Enter" && event.key !== "Escape")) return;
    event.preventDefault();
    event.stopPropagation();
    end(event.key === "Enter");
  };
  return (
    <input
      ref={ref}
      class="field device-field"
      aria-label={devices.nameField}
      autocomplete="off"
      enterkeyhint="done"
      maxLength={MOST}
      defaultValue={name}
      onKeyDown={onKeyDown}
      onBlur={() => end(true)}
    />
  );
}
