/** A QR code, dark on light in every appearance, drawn as one shape. */

import { useEffect, useState } from "preact/hooks";

/** Light modules around it, without which readers don't find it. */
const MARGIN = 4;

/** One rectangle for each run of dark modules in a row. */
function shapeOf(rows: readonly (readonly boolean[])[]): string {
  const runs: string[] = [];
  for (const [y, row] of rows.entries()) {
    for (let x = 0; x < row.length; x++) {
      if (row[x] !== true) continue;
      const from = x;
      while (row[x + 1] === true) x += 1;
      runs.push(`M${from + MARGIN} ${y + MARGIN}h${x - from + 1}v1h-${x - from + 1}z`);
    }
  }
  return runs.join("");
}

export function QrCode({ text, label }: { readonly text: string; readonly label: string }) {
  const [rows, setRows] = useState<readonly (readonly boolean[])[]>([]);
  useEffect(() => {
    let here = true;
    import("uqr").then(
      ({ encode }) => here && setRows(encode(text, { ecc: "M", border: 0 }).data),
      () => here && setRows([]),
    );
    return () => {
      here = false;
    };
  }, [text]);
  const size = rows.length + 2 * MARGIN;
  return (
    <svg
      class="qr"
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label={label}
      shape-rendering="crispEdges"
    >
      <path class="qr-light" d={`M0 0h${size}v${size}h-${size}z`} />
      <path class="qr-dark" d={shapeOf(rows)} />
    </svg>
  );
}
