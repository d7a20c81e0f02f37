/** The devices of this person. */

import { useWords } from "../shell/context.ts";

export function Devices() {
  const words = useWords();
  return (
    <section class="page">
      <h1>{words.devices.title}</h1>
    </section>
  );
}
