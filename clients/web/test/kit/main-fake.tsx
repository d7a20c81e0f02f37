/**
 * The inbox on made-up data, to look at: `npm run -w web dev`, then `/fake.html`. `?lang=zh`, `?theme=dark`,
 * `?state=offline|starting|refused|empty|signedout`, `?many=10000`.
 */

import { render } from "preact";
import { App } from "../../src/app.tsx";
import { takeCredentials } from "../../src/shell/address.ts";
import { openPreferences } from "../../src/shell/preferences.ts";
import { openRouter } from "../../src/shell/router.ts";
import { DocumentsContext } from "../../src/task/documents.ts";
import { fetchWords } from "../../src/words/languages.ts";
import { fakeDocuments } from "./fake-documents.ts";
import { fillNotes } from "./fake-notes.ts";
import { aFakeWorld } from "./fake-world.ts";
import "../../src/style/index.css";

const asked = new URLSearchParams(window.location.search);
const preferences = openPreferences();
if (asked.get("lang") === "zh" || asked.get("lang") === "en")
  preferences.language.set(asked.get("lang") as "zh" | "en");
if (asked.get("theme") === "dark" || asked.get("theme") === "light")
  preferences.theme.set(asked.get("theme") as "dark" | "light");

const world = aFakeWorld(asked);
const documents = fakeDocuments();
fillNotes(documents, asked.get("lang") === "zh");
Object.assign(window, { fakeHub: world, fakeDocuments: documents });
if (asked.get("path") !== null) window.history.replaceState(null, "", asked.get("path"));

await Promise.all([fetchWords("en"), fetchWords("zh")]);
render(
  <DocumentsContext.Provider value={documents.open}>
    <App
      openHub={() => world}
      admission={{ admit: async () => "ann", forget: () => {}, onAdmitted: () => () => {} }}
      credentials={takeCredentials()}
      preferences={preferences}
      router={openRouter()}
    />
  </DocumentsContext.Provider>,
  document.querySelector("#app") as HTMLElement,
);
