/** One of a few: a row of radio buttons that looks like one control. */

import { useId } from "preact/hooks";
import { Icon, type IconName } from "./icon.tsx";

interface ChoiceProps<Name extends string> {
  readonly label: string;
  readonly options: readonly (readonly [name: Name, text: string, icon?: IconName])[];
  readonly value: Name;
  readonly onChange: (name: Name) => void;
}

export function Choice<Name extends string>({ label, options, value, onChange }: ChoiceProps<Name>) {
  const id = useId();
  return (
    <fieldset class="choice">
      <legend>{label}</legend>
      <div class="choice-options">
        {options.map(([name, text, icon]) => (
          <label key={name} class={name === value ? "is-chosen" : ""}>
            <input type="radio" name={id} checked={name === value} onChange={() => onChange(name)} />
            {icon !== undefined && <Icon name={icon} />}
            <span>{text}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
