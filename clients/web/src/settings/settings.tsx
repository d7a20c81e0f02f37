/** What a person chooses for this browser, and who they are here. */

import { InstallCard, NoticesCard } from "../offline/cards.tsx";
import { Button } from "../parts/button.tsx";
import { Choice } from "../parts/choice.tsx";
import { usePage, useWords } from "../shell/context.ts";
import { Help } from "../shell/help.tsx";
import { useReadable } from "../shell/readable.ts";
import { LANGUAGE_NAMES } from "../words/languages.ts";
import { AboutCard } from "./about.tsx";
import { ConfirmSignOut } from "./sign-out.tsx";
import { StorageCard } from "./storage.tsx";

export function Settings() {
  const words = useWords();
  return (
    <section class="page">
      <h1>{words.settings.title}</h1>
      <Appearance />
      <NoticesCard />
      <InstallCard />
      <Keyboard />
      <Account />
      <StorageCard />
      <AboutCard />
    </section>
  );
}

function Appearance() {
  const { shell, settings } = useWords();
  const { preferences } = usePage();
  const theme = useReadable(preferences.theme);
  const language = useReadable(preferences.language);
  const { label, ...themes } = shell.theme;
  return (
    <section class="card">
      <h2>{settings.appearance}</h2>
      <Choice
        label={label}
        options={[
          ["auto", themes.auto, "contrast"],
          ["light", themes.light, "sun"],
          ["dark", themes.dark, "moon"],
        ]}
        value={theme}
        onChange={(name) => preferences.theme.set(name)}
      />
      <Choice
        label={shell.language.label}
        options={[
          ["auto", shell.language.auto],
          ["zh", LANGUAGE_NAMES.zh],
          ["en", LANGUAGE_NAMES.en],
        ]}
        value={language}
        onChange={(name) => preferences.language.set(name)}
      />
    </section>
  );
}

function Keyboard() {
  const { settings } = useWords();
  const { overlay } = usePage();
  return (
    <section class="card only-wide">
      <h2>{settings.keyboard}</h2>
      <div class="card-row">
        <p>{settings.keyboardText}</p>
        <Button icon="keyboard" onClick={() => overlay.dialog.set(() => <Help />)}>
          {settings.keyboardShow}
        </Button>
      </div>
    </section>
  );
}

function Account() {
  const { settings, shell } = useWords();
  const { hub, overlay, router } = usePage();
  const user = useReadable(hub.user);
  const device = useReadable(hub.device);
  return (
    <section class="card">
      <h2>{settings.account}</h2>
      <dl class="facts">
        <dt>{settings.user}</dt>
        <dd>{user ?? "–"}</dd>
        <dt>{settings.device}</dt>
        <dd class="is-code">{device ?? "–"}</dd>
      </dl>
      <div class="card-foot">
        <Button icon="devices" onClick={() => router.go({ page: "devices" })}>
          {shell.devices}
        </Button>
        <Button look="danger" onClick={() => overlay.dialog.set(() => <ConfirmSignOut />)}>
          {settings.signOut}
        </Button>
      </div>
    </section>
  );
}
