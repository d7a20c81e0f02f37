import { safeAddress } from "../model/links.ts";
import { Icon } from "../parts/icon.tsx";
import { useWords } from "../shell/context.ts";

/** The item's own link; nothing where its address is not one that may be followed. */
export function LinkButton({ link }: { readonly link: string }) {
  const { detail } = useWords().inbox;
  const href = safeAddress(link, window.location.origin);
  if (href === null) return null;
  return (
    <p>
      <a class="button button-primary" href={href} target="_blank" rel="noopener noreferrer">
        <Icon name="link" />
        <span>{detail.linkTo(new URL(href).host)}</span>
      </a>
    </p>
  );
}
