/** Where the page is: one route, kept in the browser's history. */

import type { Readable } from "@tongbu/client";
import { pathOf, type Route, routeOf } from "../model/routes.ts";
import { Value } from "../model/value.ts";
import { LIST_NAMES, type ListName } from "../model/views.ts";

export interface Router {
  readonly route: Readable<Route>;
  /** Change parts of the route. `replace`: without a step in the history. */
  go(to: Partial<Route>, how?: { readonly replace?: boolean }): void;
  /** To where the person came from; to the list, where they came straight here. */
  back(): void;
  stop(): void;
}

interface Kept {
  readonly list: ListName;
  /** How many steps of ours lie behind. */
  readonly steps: number;
}

function keptIn(state: unknown): Kept {
  const { list, steps } = (state ?? {}) as { readonly list?: unknown; readonly steps?: unknown };
  return {
    list: LIST_NAMES.find((name) => name === list) ?? "inbox",
    steps: typeof steps === "number" ? steps : 0,
  };
}

/** The path of one of our own pages where a plain click on a link leads; null where the browser shall follow it. */
function pathFollowed(event: MouseEvent): string | null {
  if (event.defaultPrevented || event.button !== 0) return null;
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return null;
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  const path = link?.getAttribute("href");
  return path?.startsWith("/") === true && link?.target === "" ? path : null;
}

export function openRouter(): Router {
  const { history, location } = window;
  const here = () => routeOf(location.pathname, keptIn(history.state).list);
  const route = new Value(here());
  const onPop = () => route.set(here());
  const go: Router["go"] = (to, { replace = false } = {}) => {
    const next = { list: to.list ?? route.get().list, page: to.page ?? null, item: to.item ?? null };
    const { steps } = keptIn(history.state);
    const kept: Kept = { list: next.list, steps: replace ? steps : steps + 1 };
    history[replace ? "replaceState" : "pushState"](kept, "", pathOf(next));
    route.set(next);
  };
  const onClick = (event: MouseEvent) => {
    const path = pathFollowed(event);
    if (path === null) return;
    event.preventDefault();
    go(routeOf(path, route.get().list));
  };
  window.addEventListener("popstate", onPop);
  document.addEventListener("click", onClick);
  return {
    route,
    go,
    back() {
      if (keptIn(history.state).steps > 0) history.back();
      else go({}, { replace: true });
    },
    stop() {
      window.removeEventListener("popstate", onPop);
      document.removeEventListener("click", onClick);
    },
  };
}
