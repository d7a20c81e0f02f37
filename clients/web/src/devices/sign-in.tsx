/** Signing in: a code, a link or a token, typed or pasted. */

import { useState } from "preact/hooks";
import { credentialsFrom, type Given } from "../model/credentials.ts";
import type { Value } from "../model/value.ts";
import { Button } from "../parts/button.tsx";
import { Icon } from "../parts/icon.tsx";
import { useWords } from "../shell/context.ts";
import { LanguageSwitch } from "../shell/language-switch.tsx";
import type { LanguageChoice } from "../shell/preferences.ts";

/** Tokens live long: they are not shown to who looks over a shoulder. A code is over in two minutes. */
function isToken(text: string): boolean {
  return text.split(".").length === 3 && !text.includes("#");
}

interface SignInProps {
  /** What stood in the way of the last try, in words. */
  readonly problem: string | null;
  readonly onCredentials: (given: Given) => void;
  /** Back to what is here; null where nothing is. */
  readonly onCancel: (() => void) | null;
  readonly language: Value<LanguageChoice>;
}

export function SignIn({ problem, onCredentials, onCancel, language }: SignInProps) {
  const words = useWords();
  const { signIn } = words.devices;
  const [text, write] = useState("");
  const [empty, tellEmpty] = useState(false);
  const message = empty ? signIn.empty : problem;
  const submit = (event: Event) => {
    event.preventDefault();
    const credentials = credentialsFrom(text);
    tellEmpty(credentials === null);
    if (credentials !== null) onCredentials(credentials);
  };
  return (
    <main class="blank">
      <Icon name="mark" class="blank-mark" />
      <h1>{signIn.title}</h1>
      <p class="is-muted">{signIn.text}</p>
      <form class="sign-in" onSubmit={submit}>
        <label for="credentials">{signIn.field}</label>
        <input
          id="credentials"
          class={`field${isToken(text) ? " is-secret" : ""}`}
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          value={text}
          aria-describedby="sign-in-problem"
          aria-invalid={message !== null}
          onInput={(event) => write(event.currentTarget.value)}
        />
        <p id="sign-in-problem" class="problem" role="alert">
          {message}
        </p>
        <div class="sign-in-foot">
          {onCancel !== null && <Button onClick={onCancel}>{words.shell.cancel}</Button>}
          <Button look="primary" type="submit">
            {signIn.submit}
          </Button>
        </div>
      </form>
      <Ways />
      <LanguageSwitch choice={language} />
    </main>
  );
}

function Ways() {
  const { how, ways } = useWords().devices.signIn;
  return (
    <details class="sign-in-ways">
      <summary>{how}</summary>
      <dl>
        <dt>{ways.code}</dt>
        <dd>{ways.codeText}</dd>
        <dt>{ways.link}</dt>
        <dd>{ways.linkText}</dd>
        <dt>{ways.token}</dt>
        <dd>{ways.tokenText}</dd>
      </dl>
    </details>
  );
}
