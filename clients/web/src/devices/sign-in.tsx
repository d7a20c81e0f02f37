/** Signing in: a token or a link code, typed or pasted. */

import { useState } from "preact/hooks";
import { type Credentials, credentialsFrom } from "../model/credentials.ts";
import { Button } from "../parts/button.tsx";
import { Icon } from "../parts/icon.tsx";
import { useWords } from "../shell/context.ts";

interface SignInProps {
  /** What the hub said against the last try. */
  readonly problem: string | null;
  readonly onCredentials: (credentials: Credentials) => void;
  /** Back to what is here; null where nothing is. */
  readonly onCancel: (() => void) | null;
}

export function SignIn({ problem, onCredentials, onCancel }: SignInProps) {
  const words = useWords();
  const { signIn } = words.devices;
  const [text, write] = useState("");
  const [empty, tellEmpty] = useState(false);
  const message = empty ? signIn.empty : problem === null ? null : signIn.refused(problem);
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
          class="field"
          type="password"
          autocomplete="off"
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
    </main>
  );
}
