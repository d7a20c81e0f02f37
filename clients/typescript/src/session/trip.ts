/**
 * A round trip without a socket (docs/protocol.md §11): says what waits, and brings what is lacking; another one for what did
 * not fit the answer. What the hub refuses waits for the socket, which has the whole conversation.
 */
import type { Hub, Json } from "../api.js";
import { internalsOf } from "../internals.js";
import { fromBase64, toBase64 } from "../platform/base64.js";
import type { PushBody } from "../protocol/messages.js";
import { Batch } from "./batch.js";
import type { Leading } from "./device.js";
import { OWN_INBOX, type Session } from "./session.js";
import type { Topic } from "./topic.js";

/** One topic of the answer. */
interface Brought {
  readonly incarnation: number;
  readonly seq: number;
  readonly access: "read" | "write" | null;
  readonly full: boolean;
  readonly body: readonly Json[];
  readonly problem?: { readonly code: string; readonly retry_after?: number };
}

/** Topics that one request names. */
const MOST_TOPICS = 100;

/** How a topic came back. `again`: what it lacks did not fit the answer. */
type End = "done" | "again" | "failed";

/** One topic on its way. */
interface Errand {
  readonly topic: Topic;
  readonly push: PushBody | null;
}

/**
 * Brings everything that is open up to date by `POST /v1/sync`, for when no socket stays: in a background fetch, say. One
 * request, as long as the answer holds it all. Resolves with whether all was brought, and all that waits was said; false where
 * the hub did not answer, where another page leads, and before a hub ever welcomed this device.
 */
export async function sync(hub: Hub): Promise<boolean> {
  const internals = internalsOf(hub);
  const leading = internals.leading();
  if (leading === null) return false;
  await internals.saidKept();
  return (await bringAll(hub, leading)) && internals.unopened.get().size === 0;
}

async function bringAll(hub: Hub, leading: Leading): Promise<boolean> {
  const { welcomed, user, device } = leading.session;
  if (welcomed) return hub.flush(0);
  return user === null || device === null ? false : travel(hub, leading, device);
}

async function travel(hub: Hub, leading: Leading, device: string): Promise<boolean> {
  let left = [...leading.session.topics.values()].filter(canTravel);
  let all = true;
  while (left.length > 0) {
    const errands = setOut(leading, left.slice(0, MOST_TOPICS).filter(canTravel));
    const ends = await goAndReturn(hub, leading, device, errands);
    const again = errands.filter((_, at) => ends[at] === "again");
    // The first always fits: a hub that answers nothing is not asked for ever.
    if (again.length === errands.length || ends.every((end) => end === "failed")) return false;
    all &&= !ends.includes("failed");
    left = [...left.slice(MOST_TOPICS), ...again.map(({ topic }) => topic)];
  }
  return all;
}

function canTravel(topic: Topic): boolean {
  return !topic.travelling && topic.refusal.get() === null;
}

async function goAndReturn(
  hub: Hub,
  leading: Leading,
  device: string,
  errands: readonly Errand[],
): Promise<End[]> {
  const body = errands.map((errand) => said(errand, leading.session));
  const path = `/v1/sync?device=${encodeURIComponent(device)}`;
  const answer = await hub.request("POST", path, body).catch(() => null);
  const all = answer?.status === 200 && Array.isArray(answer.body) ? (answer.body as unknown[]) : [];
  const batch = new Batch();
  const ends = errands.map((errand, at) => comeBack(errand, (all[at] ?? null) as Brought | null, batch));
  leading.save(batch);
  return ends;
}

/** What waits counts as on its way, and the socket leaves these topics alone meanwhile. */
function setOut({ session, save }: Leading, topics: readonly Topic[]): Errand[] {
  const batch = new Batch();
  const errands = topics.map((topic) => {
    const push = topic.nextPush(session.limits, batch);
    topic.travelling = true;
    return { topic, push };
  });
  save(batch);
  return errands;
}

function said({ topic, push }: Errand, session: Session): Json {
  const vector = topic.stateVector();
  return {
    topic: topic.name === OWN_INBOX ? `inbox/${session.user}` : topic.name,
    incarnation: topic.incarnation,
    seq: topic.seq,
    ...(vector !== null && { state_vector: toBase64(vector) }),
    ...(push !== null && { push: push instanceof Uint8Array ? toBase64(push) : (push as Json) }),
  };
}

function comeBack({ topic, push }: Errand, brought: Brought | null, batch: Batch): End {
  topic.travelling = false;
  const { problem } = brought ?? {};
  // A push that is refused for a limit, such as that of open items, is told without a time to come back.
  const again = problem?.code === "limit" && problem.retry_after !== undefined;
  const taken = brought !== null && brought.access !== null && !again;
  if (taken) {
    take(topic, brought, batch);
    if (push !== null && problem === undefined) topic.acknowledged(brought.seq, batch);
  }
  topic.lost();
  if (again) return "again";
  return taken && topic.unsaved === 0 ? "done" : "failed";
}

function take(topic: Topic, { incarnation, seq, access, full, body }: Brought, batch: Batch): void {
  const content = topic.stateVector() === null ? body : body.map((update) => fromBase64(String(update)));
  topic.opened(
    { type: "opened", ref: 1, handle: 0, incarnation, seq, access, full, body: content, more: false },
    batch,
  );
}
