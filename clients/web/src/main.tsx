/** Starts the page. */

import { render } from "preact";
import { App } from "./app.tsx";
import { keepToken } from "./kept-token.ts";
import { openHub } from "./open-hub.ts";
import { takeCredentials } from "./shell/address.ts";
import { openPreferences } from "./shell/preferences.ts";
import { openRouter } from "./shell/router.ts";
import "./style/index.css";

const credentials = takeCredentials();

render(
  <App
    openHub={openHub}
    forgetCredentials={() => keepToken(null)}
    credentials={credentials}
    preferences={openPreferences()}
    router={openRouter()}
  />,
  document.querySelector("#app") as HTMLElement,
);
