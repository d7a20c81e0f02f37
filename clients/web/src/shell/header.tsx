/** The top of every page: whose it is, search, how it stands with the hub, appearance and language. */

import { IconButton } from "../parts/button.tsx";
import { Icon } from "../parts/icon.tsx";
import { usePage, useWords } from "./context.ts";
import { LanguageSwitch } from "./language-switch.tsx";
import type { MenuEntry } from "./overlay.ts";
import type { Theme } from "./preferences.ts";
import { useReadable } from "./readable.ts";
import { SavedChip } from "./saved-chip.tsx";

export function Header() {
  const { preferences } = usePage();
  const { shell } = useWords();
  return (
    <header class="header">
      <a class="brand" href="/" aria-label={shell.name}>
        <span class="brand-mark">
          <Icon name="mark" />
        </span>
        <span class="brand-name">{shell.name}</span>
      </a>
      <SearchBox />
      <SavedChip />
      <ThemeSwitch />
      <LanguageSwitch choice={preferences.language} short />
    </header>
  );
}

function SearchBox() {
  const { commands, query, router } = usePage();
  const { shell } = useWords();
  const text = useReadable(query);
  const write = (value: string) => {
    query.set(value);
    if (router.route.get().page !== null) router.go({});
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing || (event.key !== "Enter" && event.key !== "ArrowDown")) return;
    if (commands.run("next")) event.preventDefault();
  };
  return (
    <search class="search">
      <Icon name="search" />
      <input
        id="search"
        type="text"
        enterkeyhint="search"
        autocomplete="off"
        spellcheck={false}
        placeholder={shell.searchHint}
        aria-label={shell.search}
        aria-keyshortcuts="/"
        maxLength={200}
        value={text}
        onInput={(event) => write(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      {text === "" ? (
        <span class="key-hint" aria-hidden="true">
          /
        </span>
      ) : (
        <IconButton icon="close" label={shell.clearSearch} onClick={() => query.set("")} />
      )}
    </search>
  );
}

const THEME_ICONS = { auto: "contrast", light: "sun", dark: "moon" } as const;
const THEMES: readonly Theme[] = ["auto", "light", "dark"];

function ThemeSwitch() {
  const { overlay, preferences } = usePage();
  const { shell } = useWords();
  const theme = useReadable(preferences.theme);
  const entries = THEMES.map(
    (name): MenuEntry => ({
      label: shell.theme[name],
      icon: THEME_ICONS[name],
      checked: name === theme,
      run: () => preferences.theme.set(name),
    }),
  );
  return (
    <IconButton
      class="only-wide"
      icon={THEME_ICONS[theme]}
      label={shell.theme.label}
      expanded={false}
      onClick={({ currentTarget }) =>
        overlay.menu.set({ title: shell.theme.label, entries, anchor: currentTarget })
      }
    />
  );
}
