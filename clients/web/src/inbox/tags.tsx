import { useWords } from "../shell/context.ts";

export function Tags({ tags }: { readonly tags: readonly string[] }) {
  const { detail } = useWords().inbox;
  if (tags.length === 0) return null;
  return (
    <ul class="tags" aria-label={detail.tags}>
      {tags.map((tag) => (
        <li key={tag} class="tag">
          {tag}
        </li>
      ))}
    </ul>
  );
}
