/** Starts the page. */

import { render } from "preact";
import { admission } from "./admission.ts";
import { App } from "./app.tsx";
import { InstalledProvider } from "./offline/effects.tsx";
import { openInstall } from "./offline/install.ts";
import { openNotices } from "./offline/permission.ts";
import { openOffline } from "./offline/registration.ts";
import { openHub } from "./open-hub.ts";
import { takeCredentials } from "./shell/address.ts";
import { openPreferences } from "./shell/preferences.ts";
import { openRouter } from "./shell/router.ts";
import { languageOf } from "./shell/speech.ts";
import { fetchWords } from "./words/languages.ts";
import "./style/index.css";

const credentials = takeCredentials();
const preferences = openPreferences();

const installed = {
  offline: openOffline(import.meta.env.PROD ? "/sw.js" : null),
  install: openInstall(),
  notices: openNotices(),
};

/** The page's own language; where its words can't be had, the other: offline a browser has those it was used with. */
async function fetchFirstWords(): Promise<void> {
  const language = languageOf(preferences.language.get(), navigator.languages);
  await fetchWords(language).catch(() => fetchWords(language === "en" ? "zh" : "en"));
}

await fetchFirstWords();
render(
  <InstalledProvider value={installed}>
    <App
      openHub={openHub}
      admission={admission}
      credentials={credentials}
      preferences={preferences}
      router={openRouter()}
    />
  </InstalledProvider>,
  document.querySelector("#app") as HTMLElement,
);
