import { segmentsOf } from "../model/links.ts";

/** Text as it was written, with its line breaks; addresses in it can be followed, nothing in it is markup. */
export function BodyText({ text }: { readonly text: string }) {
  return (
    <p class="body-text">
      {segmentsOf(text).map(({ text: part, href }) =>
        href === undefined ? (
          part
        ) : (
          <a key={href} href={href} target="_blank" rel="noopener noreferrer">
            {part}
          </a>
        ),
      )}
    </p>
  );
}
