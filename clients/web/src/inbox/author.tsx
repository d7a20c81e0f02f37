import { useEffect } from "preact/hooks";
import { actorOf } from "../model/actors.ts";
import { usePage, useWords } from "../shell/context.ts";
import { useReadable } from "../shell/readable.ts";

/** Who made an item: this device, another one by its name, a program, the hub. */
export function Author({ by }: { readonly by: string }) {
  const { hub } = usePage();
  const { channels, detail } = useWords().inbox;
  const { authors } = detail;
  const user = useReadable(hub.user);
  const actor = actorOf(by, useReadable(hub.device));
  if (actor.kind === "device") return <DeviceName id={actor.id} />;
  if (actor.kind === "program") {
    return <span title={by}>{actor.user === user ? authors.ownProgram : authors.program(actor.user)}</span>;
  }
  if (actor.kind === "channel")
    return <span>{authors.channel(channels[actor.channel] ?? actor.channel, actor.who)}</span>;
  return <span>{authors[actor.kind]}</span>;
}

function DeviceName({ id }: { readonly id: string }) {
  const { deviceNames, hub } = usePage();
  const { authors } = useWords().inbox.detail;
  const { state } = useReadable(hub.connection);
  const name = useReadable(deviceNames.known).get(id);
  useEffect(() => deviceNames.need(id), [deviceNames, id, state]);
  return <span title={id}>{name || authors.otherDevice}</span>;
}
