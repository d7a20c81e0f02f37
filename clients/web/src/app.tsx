/** The whole page: opens the hub, and shows the inbox or how to sign in. */

import type { Connection } from "@tongbu/client";
import { useEffect, useMemo, useState } from "preact/hooks";
import type { Admission } from "./admission.ts";
import { Arrival } from "./devices/arrival.tsx";
import { SignIn } from "./devices/sign-in.tsx";
import { type Obstacle, signInProblem } from "./devices/sign-in-problem.ts";
import { SigningIn } from "./devices/signing-in.tsx";
import type { Credentials } from "./model/credentials.ts";
import { Boundary } from "./shell/boundary.tsx";
import { SpeechProvider, useWords } from "./shell/context.ts";
import type { Preferences } from "./shell/preferences.ts";
import { useReadable } from "./shell/readable.ts";
import type { Router } from "./shell/router.ts";
import { SignedIn } from "./shell/signed-in.tsx";
import { useSpeechOf } from "./shell/speech.ts";
import {
  isEnded,
  type OpenHub,
  type SigningIn as Signing,
  type Trial,
  useSignIn,
} from "./shell/use-sign-in.ts";

export interface AppProps {
  /** Opens this device with what it keeps. */
  readonly openHub: OpenHub;
  readonly admission: Admission;
  /** Those that the address brought along. */
  readonly credentials: Credentials;
  readonly preferences: Preferences;
  readonly router: Router;
}

export function App({ openHub, admission, credentials, preferences, router }: AppProps) {
  const speech = useSpeechOf(preferences);
  const signing = useSignIn(openHub, admission, credentials);
  if (speech === null) return null;
  return (
    <SpeechProvider value={speech}>
      <Boundary words={speech.words.shell}>
        <Door signing={signing} preferences={preferences} router={router} />
      </Boundary>
    </SpeechProvider>
  );
}

interface DoorProps {
  readonly signing: Signing;
  readonly preferences: Preferences;
  readonly router: Router;
}

/** Who is known here sees their items, also without a hub that answers; who isn't signs in. */
function Door({ signing, preferences, router }: DoorProps) {
  const { hub, trial, attempt, dismiss, signOut } = signing;
  const user = useReadable(hub.user);
  const connection = useReadable(hub.connection);
  const words = useWords();
  const [asked, ask] = useState(false);
  useEffect(() => ask(false), [hub]);
  const signIn = useMemo(() => () => ask(true), []);
  const here = user !== null && !isEnded(connection);
  const waits = trial.state === "failed" && trial.error.code === "not_connected";
  if (isTried(trial, user) || waits) {
    const again = () => (trial.state === "failed" ? attempt(trial.given) : hub.wake());
    return (
      <SigningIn
        waits={waits || (trial.state === "offered" && connection.state === "waiting")}
        onAgain={again}
        onCancel={dismiss}
      />
    );
  }
  if (trial.state !== "failed" && !asked && (here || !isShut(connection))) {
    return (
      <SignedIn hub={hub} preferences={preferences} router={router} signIn={signIn} signOut={signOut}>
        <Arrival signing={signing} />
      </SignedIn>
    );
  }
  const leave = () => {
    ask(false);
    dismiss();
  };
  const obstacle = obstacleOf(trial, connection);
  return (
    <SignIn
      problem={obstacle === null ? null : signInProblem(obstacle, words)}
      onCredentials={attempt}
      onCancel={here ? leave : null}
      language={preferences.language}
    />
  );
}

function isShut(connection: Connection): boolean {
  return connection.state === "refused" || connection.state === "closed";
}

/** Whether the answer to what was given is waited for. What came by the address waits until it is known who is here. */
function isTried(trial: Trial, user: string | null): boolean {
  return trial.state === "trying" || (trial.state === "offered" && user === null);
}

/** What stands in the way: of what was given, or of what is kept; that nothing was given is none. */
function obstacleOf(trial: Trial, connection: Connection): Obstacle | null {
  if (trial.state === "failed") return trial.error;
  return connection.state === "refused" && connection.code !== "token" ? connection : null;
}
