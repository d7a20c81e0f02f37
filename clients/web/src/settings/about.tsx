/** Which hub this is. */

import { useEffect, useState } from "preact/hooks";
import { isMap } from "../model/flat.ts";
import { usePage, useWords } from "../shell/context.ts";
import { useReadable } from "../shell/readable.ts";

/** As the hub tells it; null while it can't be asked. */
function useVersion(): string | null {
  const { hub } = usePage();
  const { state } = useReadable(hub.connection);
  const [version, setVersion] = useState<string | null>(null);
  useEffect(() => {
    if (state !== "online") return undefined;
    let here = true;
    hub.request("GET", "/").then(
      ({ body }) => {
        const told = isMap(body) ? body.version : undefined;
        if (here && typeof told === "string") setVersion(told);
      },
      () => {},
    );
    return () => {
      here = false;
    };
  }, [hub, state]);
  return version;
}

export function AboutCard() {
  const { settings } = useWords();
  const version = useVersion();
  return (
    <section class="card">
      <h2>{settings.about}</h2>
      <dl class="facts">
        <dt>{settings.version}</dt>
        <dd>{version ?? "–"}</dd>
        <dt>{settings.address}</dt>
        <dd class="is-code">{window.location.origin}</dd>
        <dt>{settings.api}</dt>
        <dd>
          <a href="/openapi.json" target="_blank" rel="noopener noreferrer">
            openapi.json
          </a>
        </dd>
      </dl>
    </section>
  );
}
