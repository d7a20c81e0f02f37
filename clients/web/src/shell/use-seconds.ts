import { useEffect, useState } from "preact/hooks";
import { usePage } from "./context.ts";

/** Now by the hub's clock (ms), each second while something moves. */
export function useSeconds(moves: boolean): number {
  const { hub } = usePage();
  const [now, setNow] = useState(() => hub.now());
  useEffect(() => {
    setNow(hub.now());
    if (!moves) return undefined;
    const timer = setInterval(() => setNow(hub.now()), 1000);
    return () => clearInterval(timer);
  }, [hub, moves]);
  return now;
}
