/** Of the settings: installing the page, and system notifications. */

import { Button } from "../parts/button.tsx";
import { useWords } from "../shell/context.ts";
import { useReadable } from "../shell/readable.ts";
import { useInstalled } from "./effects.tsx";

export function InstallCard() {
  const { offline } = useWords();
  const { install } = useInstalled();
  const state = useReadable(install.state);
  return (
    <section class="card">
      <h2>{offline.install.title}</h2>
      <p>{offline.install[state]}</p>
      {state === "offered" && (
        <div class="card-foot">
          <Button look="primary" onClick={install.ask}>
            {offline.install.ask}
          </Button>
        </div>
      )}
    </section>
  );
}

export function NoticesCard() {
  const { offline } = useWords();
  const { notices } = useInstalled();
  const state = useReadable(notices.state);
  return (
    <section class="card">
      <h2>{offline.notices.title}</h2>
      <p>{offline.notices[state]}</p>
      {state === "off" && (
        <div class="card-foot">
          <Button icon="bell" onClick={() => void notices.turnOn()}>
            {offline.notices.turnOn}
          </Button>
        </div>
      )}
      {state === "on" && (
        <div class="card-foot">
          <Button onClick={notices.turnOff}>{offline.notices.turnOff}</Button>
        </div>
      )}
    </section>
  );
}
