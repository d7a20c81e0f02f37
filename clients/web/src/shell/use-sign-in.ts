/** Who is let in here: the hub that is open, and what was given to get in, from its trial to its end. */

import { type Hub, TongbuError } from "@tongbu/client";
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Admission } from "../admission.ts";
import type { Credentials, Given } from "../model/credentials.ts";
import { useReadable } from "./readable.ts";

/** What was given, and where it stands. */
export type Trial =
  | { readonly state: "none" }
  /** It came by the address: who is here already is asked first. */
  | { readonly state: "offered" | "trying"; readonly given: Given }
  | { readonly state: "failed"; readonly given: Given; readonly error: TongbuError }
  /** Somebody was let in by it. */
  | { readonly state: "admitted"; readonly user: string };

export interface SigningIn {
  readonly hub: Hub;
  readonly trial: Trial;
  /** Try what was given; everything stays as it is until it worked. */
  attempt(given: Given): void;
  dismiss(): void;
  signOut(): void;
}

/** Opens this device with what it keeps; `newDevice`: as another one, since somebody signed in after it was refused. */
export type OpenHub = (newDevice: boolean) => Hub;

const NONE: Trial = { state: "none" };

/** Codes of what this page can't go on after: what it holds is gone, or can't be read. */
const STORE_CODES: readonly string[] = ["store_unusable", "store_in_use"];

/** Whether nothing can be said in this hub any more. */
export function isEnded(connection: ReturnType<Hub["connection"]["get"]>): boolean {
  return (
    connection.state === "closed" || (connection.state === "refused" && STORE_CODES.includes(connection.code))
  );
}

/** Whether the hub refused this device as such: it was revoked. */
function isRevoked({ connection }: Hub): boolean {
  const now = connection.get();
  return now.state === "refused" && now.code === "forbidden";
}

function asError(error: unknown): TongbuError {
  return error instanceof TongbuError ? error : new TongbuError("internal", "The page failed.");
}

interface Opened {
  readonly hub: Hub;
  /** Another one in its place once that ended. */
  readonly reopen: (end: Promise<void>, newDevice?: boolean) => Promise<void>;
}

/** The hub that is open. Signed out in another tab is signed out here; signed in there is, where this one was refused. */
function useOpened(openHub: OpenHub, admission: Admission): Opened {
  const [hub, setHub] = useState(() => openHub(false));
  const ending = useRef<Hub | null>(null);
  const reopen = useCallback(
    (end: Promise<void>, newDevice = false) => {
      ending.current = hub;
      const open = () => setHub(openHub(newDevice));
      return end.then(open, open);
    },
    [hub, openHub],
  );
  useEffect(() => {
    const look = () => {
      if (hub.connection.get().state === "closed" && ending.current !== hub) void reopen(Promise.resolve());
    };
    look();
    return hub.connection.subscribe(look);
  }, [hub, reopen]);
  useEffect(
    () =>
      admission.onAdmitted(() => {
        if (hub.connection.get().state === "refused" && ending.current !== hub) void reopen(hub.close());
      }),
    [hub, reopen, admission],
  );
  return { hub, reopen };
}

export function useSignIn(openHub: OpenHub, admission: Admission, credentials: Credentials): SigningIn {
  const { hub, reopen } = useOpened(openHub, admission);
  const [trial, setTrial] = useState<Trial>(
    credentials === null ? NONE : { state: "offered", given: credentials },
  );
  const deeds = useMemo(
    () => ({
      attempt(given: Given) {
        const revoked = isRevoked(hub);
        setTrial({ state: "trying", given });
        admission.admit(given, hub.user.get()).then(
          (user) => {
            const newDevice = revoked || isRevoked(hub);
            return reopen(hub.close(), newDevice).then(() => setTrial({ state: "admitted", user }));
          },
          (error) => setTrial({ state: "failed", given, error: asError(error) }),
        );
      },
      dismiss: () => setTrial(NONE),
      signOut() {
        admission.forget();
        setTrial(NONE);
        void reopen(hub.forget());
      },
    }),
    [hub, reopen, admission],
  );
  useOfferTaken(hub, trial, deeds.attempt);
  return { hub, trial, ...deeds };
}

/** Where nobody is here, nobody has to be asked. */
function useOfferTaken(hub: Hub, trial: Trial, attempt: (given: Given) => void): void {
  const user = useReadable(hub.user);
  const { state } = useReadable(hub.connection);
  useEffect(() => {
    if (trial.state === "offered" && user === null && state === "refused") attempt(trial.given);
  });
}
