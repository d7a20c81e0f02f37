/** What people write together on a task: fetched once the rest of the page is there. */

import type { Item } from "@tongbu/client";
import type { FunctionComponent } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Button } from "../parts/button.tsx";
import { usePage, useWords } from "../shell/context.ts";
import { useReadable } from "../shell/readable.ts";
import { documentName } from "./documents.ts";
import type { SharedProps } from "./shared/shared.tsx";

type Loaded = FunctionComponent<SharedProps> | null;

let shared: Loaded = null;

/** The part that knows documents; null until it is here. `failed` where it could not be fetched. */
function useShared(): { readonly Shared: Loaded; readonly failed: boolean; readonly again: () => void } {
  const [Shared, setShared] = useState<Loaded>(() => shared);
  const [failed, setFailed] = useState(false);
  const [tried, setTried] = useState(0);
  useEffect(() => {
    let here = true;
    import("./shared/shared.tsx").then(
      (module) => {
        shared = module.Shared;
        if (here) setShared(() => shared);
      },
      () => here && setFailed(true),
    );
    return () => {
      here = false;
    };
  }, [tried]);
  const again = () => {
    setFailed(false);
    setTried(tried + 1);
  };
  return { Shared, failed: failed && Shared === null, again };
}

export function Together({ item }: { readonly item: Item }) {
  const { hub } = usePage();
  const { shared: words } = useWords().task;
  const user = useReadable(hub.user);
  const { Shared, failed, again } = useShared();
  if (failed) {
    return (
      <div class="together-state">
        <p class="is-muted">{words.failed}</p>
        <Button onClick={again}>{words.again}</Button>
      </div>
    );
  }
  if (Shared === null || user === null) return <p class="together-state is-muted">{words.opening}</p>;
  const name = documentName(user, item.id);
  return <Shared key={name} name={name} />;
}
