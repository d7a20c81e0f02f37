/** Every key and what it does. */

import { Fragment } from "preact";
import { SHORTCUTS } from "../model/keys.ts";
import { Dialog } from "../parts/dialog.tsx";
import { useWords } from "./context.ts";

export function Help() {
  const { shell } = useWords();
  return (
    <Dialog title={shell.help.title} wide>
      <dl class="shortcuts">
        {SHORTCUTS.map(([command, keys]) => (
          <div key={command} class="shortcut">
            <dt>{shell.help.commands[command]}</dt>
            <dd>
              {keys.map((combination, index) => (
                <Fragment key={combination}>
                  {index > 0 && <span class="is-muted"> {shell.help.or} </span>}
                  <Keys combination={combination} />
                </Fragment>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}

const isApple = () => /Mac|iPhone|iPad/.test(navigator.userAgent);

function Keys({ combination }: { readonly combination: string }) {
  const { shell } = useWords();
  return (
    <>
      {combination.split(" ").map((key, index) => (
        <Fragment key={key}>
          {index > 0 && <span class="is-muted"> {shell.help.andThen} </span>}
          <kbd>{isApple() ? key.replace("Ctrl+", "⌘") : key}</kbd>
        </Fragment>
      ))}
    </>
  );
}
