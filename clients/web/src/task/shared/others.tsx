/** Who else has the task open. */

import type { Document } from "@tongbu/client/documents";
import { useEffect, useReducer } from "preact/hooks";
import { deviceName } from "../../model/device-name.ts";
import { Icon } from "../../parts/icon.tsx";
import { usePage, useWords } from "../../shell/context.ts";

/** What a page shows of itself, as editors know it. */
interface Shown {
  readonly id: number;
  readonly name: string;
  /** Whether it is another window of this device. */
  readonly isThisDevice: boolean;
}

/** Others see this device by its name while the component is there. */
export function useShowMe(document: Document): void {
  const { hub } = usePage();
  useEffect(() => {
    const user = { name: deviceName(navigator.userAgent), device: hub.device.get() };
    document.awareness.setLocalStateField("user", user);
  }, [document, document.awareness, hub]);
}

function othersOf({ awareness }: Document, device: string | null): readonly Shown[] {
  return [...awareness.getStates()]
    .filter(([id]) => id !== awareness.clientID)
    .map(([id, state]): Shown => {
      const user = (state as { readonly user?: { readonly name?: unknown; readonly device?: unknown } }).user;
      const name = typeof user?.name === "string" ? user.name.slice(0, 100) : "";
      return { id, name, isThisDevice: device !== null && user?.device === device };
    });
}

export function Others({ document }: { readonly document: Document }) {
  const { hub } = usePage();
  const { shared: words } = useWords().task;
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const { awareness } = document;
  useEffect(() => {
    const tell = () => redraw(undefined as never);
    awareness.on("change", tell);
    return () => awareness.off("change", tell);
  }, [awareness]);
  const others = othersOf(document, hub.device.get());
  if (others.length === 0) return null;
  return (
    <div class="others">
      <span class="others-label">{words.alsoHere}</span>
      <ul aria-label={words.alsoHere}>
        {others.map(({ id, name, isThisDevice }) => (
          <li key={id} class="other">
            <Icon name="devices" />
            {isThisDevice ? words.otherWindow : name || words.someDevice}
          </li>
        ))}
      </ul>
    </div>
  );
}
