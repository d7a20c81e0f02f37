/** What somebody sees who is signed in: header, navigation, and one page. */

import type { Hub, Ledger, Readable } from "@tongbu/client";
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { openDeviceNames } from "../devices/device-names.ts";
import { Devices } from "../devices/devices.tsx";
import { openHistory } from "../inbox/history.ts";
import { Inbox } from "../inbox/inbox.tsx";
import { openAttemptEnds } from "../model/attempts.ts";
import { Value } from "../model/value.ts";
import { openWaking } from "../model/waking.ts";
import { InstalledEffects } from "../offline/effects.tsx";
import { DialogHost } from "../parts/dialog.tsx";
import { MenuHost } from "../parts/menu.tsx";
import { ToastHost } from "../parts/toast.tsx";
import { Settings } from "../settings/settings.tsx";
import { openActions } from "./actions.ts";
import { openAttempt } from "./attempt.ts";
import { minutes } from "./clock.ts";
import { listenToKeys, openCommands, useCommands } from "./commands.ts";
import { type Page, PageProvider, usePage, useSpeech } from "./context.ts";
import { runGlobal } from "./global-commands.tsx";
import { Header } from "./header.tsx";
import { Navigation } from "./navigation.tsx";
import { OfflineBar } from "./offline-bar.tsx";
import { openOfflineSince } from "./offline-since.ts";
import { openOverlay } from "./overlay.ts";
import type { Preferences } from "./preferences.ts";
import { useReadable } from "./readable.ts";
import { rememberItems } from "./remember-items.ts";
import type { Router } from "./router.ts";
import { SignedInEffects } from "./signed-in-effects.tsx";

interface SignedInProps {
  readonly hub: Hub;
  readonly preferences: Preferences;
  readonly router: Router;
  readonly signIn: () => void;
  readonly signOut: () => void;
  /** Drawn beside it all. */
  readonly children: ComponentChildren;
}

export function SignedIn({ hub, preferences, router, signIn, signOut, children }: SignedInProps) {
  const speech = useSpeech();
  const spoken = useRef(speech);
  spoken.current = speech;
  const since = useMemo(() => openOfflineSince(hub), [hub]);
  useLayoutEffect(() => since.follow(), [since]);
  const page = useMemo<Page>(() => {
    const overlay = openOverlay();
    const ledger = hub.inbox();
    const say = () => spoken.current;
    const attempt = openAttempt(overlay, say);
    return {
      hub,
      ledger,
      router,
      overlay,
      preferences,
      actions: openActions({ hub, ledger, overlay, attempt, speech: say }),
      attempt,
      commands: openCommands(),
      history: openHistory(hub, ledger),
      attemptEnds: openAttemptEnds(),
      waking: openWaking(() => hub.now()),
      deviceNames: openDeviceNames(hub),
      query: new Value(""),
      isLoaded: loaded(ledger),
      offlineSince: since.at,
      minute: minutes(() => hub.now()),
      signIn,
      signOut,
    };
  }, [hub, router, preferences, signIn, signOut, since]);
  useEffect(() => listenToKeys(page.commands, page.overlay), [page]);
  useEffect(() => rememberItems(page), [page]);
  return (
    <PageProvider value={page}>
      <Shell />
      {children}
    </PageProvider>
  );
}

function loaded(ledger: Ledger): Readable<boolean> {
  const value = new Value(false);
  ledger.loaded.then(
    () => value.set(true),
    () => {},
  );
  return value;
}

function Shell() {
  const page = usePage();
  const { words } = useSpeech();
  const route = useReadable(page.router.route);
  useCommands((command) => runGlobal(command, page));
  return (
    <div class="shell" data-page={route.page ?? "list"} data-open={route.item !== null}>
      <a class="skip-link" href="#content">
        {words.shell.skipToContent}
      </a>
      <Header />
      <Navigation />
      <main class="content" id="content" tabIndex={-1}>
        <Content />
      </main>
      <ToastHost />
      <MenuHost />
      <DialogHost />
      <SignedInEffects />
      <InstalledEffects />
    </div>
  );
}

function Content() {
  const { router } = usePage();
  const { page } = useReadable(router.route);
  if (page === null) return <Inbox />;
  return (
    <>
      <OfflineBar />
      {page === "devices" ? <Devices /> : <Settings />}
    </>
  );
}
