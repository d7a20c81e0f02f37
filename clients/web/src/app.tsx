/** The whole page: opens the hub, and shows the inbox or how to sign in. */

import type { Hub } from "@tongbu/client";
import { useEffect, useMemo, useState } from "preact/hooks";
import { SignIn } from "./devices/sign-in.tsx";
import { signInProblem } from "./devices/sign-in-problem.ts";
import { SigningIn } from "./devices/signing-in.tsx";
import type { Credentials } from "./model/credentials.ts";
import { Boundary } from "./shell/boundary.tsx";
import { SpeechProvider, useSpeech } from "./shell/context.ts";
import type { Preferences } from "./shell/preferences.ts";
import { useReadable } from "./shell/readable.ts";
import type { Router } from "./shell/router.ts";
import { SignedIn } from "./shell/signed-in.tsx";
import { useSpeechOf } from "./shell/speech.ts";

export interface AppProps {
  /** Opens this device with what was given, or with what its store holds. */
  readonly openHub: (credentials: Credentials) => Hub;
  /** Forgets what is kept beside the store of the hub. */
  readonly forgetCredentials: () => void;
  /** Those that the address brought along. */
  readonly credentials: Credentials;
  readonly preferences: Preferences;
  readonly router: Router;
}

export function App({ openHub, forgetCredentials, credentials, preferences, router }: AppProps) {
  const speech = useSpeechOf(preferences);
  const [opened, setOpened] = useState(() => ({ hub: openHub(credentials), tried: credentials !== null }));
  const { hub, tried } = opened;
  const reopen = (end: Promise<void>, given: Credentials) => {
    void end.finally(() => setOpened({ hub: openHub(given), tried: given !== null }));
  };
  const signOut = () => {
    forgetCredentials();
    reopen(hub.forget(), null);
  };
  return (
    <SpeechProvider value={speech}>
      <Boundary words={speech.words.shell}>
        <Door
          hub={hub}
          tried={tried}
          preferences={preferences}
          router={router}
          onCredentials={(given) => reopen(hub.close(), given)}
          onSignOut={signOut}
        />
      </Boundary>
    </SpeechProvider>
  );
}

interface DoorProps {
  readonly hub: Hub;
  /** Whether somebody just gave credentials. */
  readonly tried: boolean;
  readonly preferences: Preferences;
  readonly router: Router;
  readonly onCredentials: (credentials: Credentials) => void;
  readonly onSignOut: () => void;
}

/** Who is known here sees their items, also without a hub that answers; who isn't signs in. */
function Door({ hub, tried, preferences, router, onCredentials, onSignOut }: DoorProps) {
  const user = useReadable(hub.user);
  const connection = useReadable(hub.connection);
  const [asked, ask] = useState(false);
  useEffect(() => ask(false), [hub]);
  const { words } = useSpeech();
  const signIn = useMemo(() => () => ask(true), []);
  const shut = connection.state === "refused" || connection.state === "closed";
  if (!asked && tried && user === null && !shut) {
    return <SigningIn hub={hub} onCancel={() => ask(true)} />;
  }
  if (!asked && (user !== null || !shut)) {
    return (
      <SignedIn hub={hub} preferences={preferences} router={router} signIn={signIn} signOut={onSignOut} />
    );
  }
  return (
    <SignIn
      problem={tried ? signInProblem(connection, words.devices.signIn) : null}
      onCredentials={onCredentials}
      onCancel={user === null ? null : () => ask(false)}
    />
  );
}
