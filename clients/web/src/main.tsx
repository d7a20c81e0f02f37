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
import "./style/index.css";

const credentials = takeCredentials();

const installed = {
  offline: openOffline(import.meta.env.PROD ? "/sw.js" : null),
  install: openInstall(),
  notices: openNotices(),
};

render(
  <InstalledProvider value={installed}>
    <App
      openHub={openHub}
      admission={admission}
      credentials={credentials}
      preferences={openPreferences()}
      router={openRouter()}
    />
  </InstalledProvider>,
  document.querySelector("#app") as HTMLElement,
);
