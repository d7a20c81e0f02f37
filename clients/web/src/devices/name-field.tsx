import { givenName } from "../model/given-name.ts";
import { useInPlace } from "../parts/use-in-place.ts";
import { useWords } from "../shell/context.ts";

/** Characters, as the hub takes them. */
const MOST = 100;

interface NameFieldProps {
  readonly name: string;
  /** The name that was given; null where it stays. */
  readonly onEnd: (name: string | null) => void;
}

/** A device's name, edited in its place. */
export function NameField({ name, onEnd }: NameFieldProps) {
  const { devices } = useWords();
  const inPlace = useInPlace<HTMLInputElement>((typed) => {
    const given = givenName(typed ?? "");
    onEnd(given !== "" && given !== name ? given : null);
  });
  return (
    <input
      {...inPlace}
      class="field device-field"
      aria-label={devices.nameField}
      autocomplete="off"
      enterkeyhint="done"
      maxLength={MOST}
      defaultValue={name}
    />
  );
}
