/** What programs attached to an item: a table where it is one, else as JSON. */

import type { Json } from "@tongbu/client";
import { isMap } from "../model/flat.ts";
import { useWords } from "../shell/context.ts";

function isPlain(value: Json): boolean {
  return typeof value !== "object" || value === null;
}

export function AttachedData({ data }: { readonly data: Json }) {
  const { detail } = useWords().inbox;
  const table = isMap(data) && Object.values(data).every(isPlain) ? Object.entries(data) : null;
  return (
    <section class="detail-part">
      <h2>{detail.data}</h2>
      {table === null ? (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
        <pre class="data" tabIndex={0}>
          {JSON.stringify(data, null, 2)}
        </pre>
      ) : (
        <dl class="facts is-data">
          {table.map(([key, value]) => (
            <div key={key}>
              <dt>{key}</dt>
              <dd>{String(value)}</dd>
            </div>
          ))}
        </dl>
      )}
    </section>
  );
}
