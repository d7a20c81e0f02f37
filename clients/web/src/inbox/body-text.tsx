import { useMemo } from "preact/hooks";
import { segmentsOf } from "../model/links.ts";

/** Text as it was written, with its line breaks; addresses in it can be followed, nothing in it is markup. */
export function BodyText({ text }: { readonly text: string }) {
  const segments = useMemo(() => segmentsOf(text, window.location.origin), [text]);
  return (
    <p class="body-text" dir="auto">
      {segments.map(({ text: part, href }) =>
        href === undefined ? (
          part
        ) : (
          <a href={href} target="_blank" rel="noopener noreferrer">
            {part}
          </a>
        ),
      )}
    </p>
  );
}
