/** How it stands with the hub, on the screen. */
import { after } from "../device/after";
import type { Device } from "../device/device";
import { type Standing, standingOf } from "../model/standing";

/** ms within which a change that is saved makes no noise. */
const UNNOTICED = 350;

/** Calls `show` with how it stands, first at once, whenever that changed. Returns how to stop. */
export function followStanding(device: Device, show: (standing: Standing | null) => void): () => void {
  let callOff: () => void = () => undefined;
  let stops: (() => void)[] = [];
  const leave = (): void => {
    callOff();
    for (const stop of stops.splice(0)) stop();
  };
  const follow = (): void => {
    leave();
    const hub = device.hub.get();
    if (hub === null) {
      show(null);
      return;
    }
    const draw = (): void => {
      callOff();
      const unsaved = hub.unsaved.get();
      const tell = (): void =>
        show(
          standingOf(
            {
              connection: hub.connection.get(),
              unsaved,
              since: device.since.get(),
              keeps: hub.storeFailure.get() === null,
            },
            device.speech,
          ),
        );
      if (unsaved > 0 && hub.connection.get().state === "online") callOff = after(UNNOTICED, tell);
      else tell();
    };
    stops = [hub.connection, hub.unsaved, hub.storeFailure, device.since].map((each) => each.subscribe(draw));
    draw();
  };
  follow();
  const stopHub = device.hub.subscribe(follow);
  return () => {
    stopHub();
    leave();
  };
}
