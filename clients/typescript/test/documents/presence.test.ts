import { beforeEach, describe, expect, it } from "vitest";
import type { Refused } from "../../src/api.js";
import { DocumentTopic } from "../../src/documents/document-topic.js";
import { PresenceOf } from "../../src/documents/presence.js";
import { pack } from "../../src/protocol/msgpack.js";

let topic: DocumentTopic;
let page: PresenceOf;
let changed = 0;
let refused: Refused[] = [];

beforeEach(() => {
  [changed, refused] = [0, []];
  topic = new DocumentTopic("doc/d", {
    nextId: () => "",
    said: () => undefined,
    shelved: () => undefined,
    steppedDown: () => undefined,
  });
  page = new PresenceOf(topic, {
    changed: () => void changed++,
    refused: (each) => void refused.push(each),
  });
  page.enter();
});

/** A state with which the page says so many bytes in all. */
function stateOf(bytes: number): { text: string } {
  const head = pack({ [page.awareness.clientID]: { text: "x".repeat(bytes / 2) } }).length - bytes / 2;
  return { text: "x".repeat(bytes - head) };
}

describe("what a page shows of itself", () => {
  it("goes to others up to the last byte that the hub takes", () => {
    const state = stateOf(4_096);
    page.awareness.setLocalState(state);
    expect(topic.presence.own).toEqual({ [page.awareness.clientID]: state });
    expect(refused).toEqual([]);
  });

  it("is refused when it is more: others see what they saw, and the application is told once", () => {
    page.awareness.setLocalState({ cursor: 3 });
    const shown = [topic.presence.own, changed];
    page.awareness.setLocalState(stateOf(4_097));
    page.awareness.setLocalStateField("more", 1);
    expect([topic.presence.own, changed]).toEqual(shown);
    const what = { topic: "doc/d", item: "", field: "presence", value: null, code: "too_big" };
    expect(refused).toEqual([{ ...what, message: expect.stringContaining("4096 bytes") }]);
    expect(page.awareness.getLocalState()).toMatchObject({ more: 1 });
  });

  it("is shown again once it is less, and told again when it is too much again", () => {
    page.awareness.setLocalState(stateOf(5_000));
    page.awareness.setLocalState({ cursor: 4 });
    expect(topic.presence.own).toEqual({ [page.awareness.clientID]: { cursor: 4 } });
    page.awareness.setLocalState(stateOf(5_000));
    expect(refused.length).toBe(2);
    page.leave();
    expect(topic.presence.own).toBe(null);
  });

  it("is what JSON has of it", () => {
    page.awareness.setLocalState({
      at: new Date(0),
      nothing: undefined,
      run: () => undefined,
      list: [undefined],
    });
    expect(topic.presence.own).toEqual({
      [page.awareness.clientID]: { at: "1970-01-01T00:00:00.000Z", list: [null] },
    });
  });
});

describe("what the pages of a device show together", () => {
  const said = (page: number, size: number) => ({ [page]: { text: "x".repeat(size) } });

  it("is of all of them, as long as the hub takes it; then of the latest", () => {
    expect(topic.shown([])).toBe(null);
    expect(topic.shown([said(1, 10), said(2, 10)])).toEqual({ ...said(1, 10), ...said(2, 10) });
    expect(topic.shown([said(1, 2_000), said(2, 2_000), said(3, 2_000)])).toEqual({
      ...said(2, 2_000),
      ...said(3, 2_000),
    });
  });
});
