import { beforeEach, expect, test, vi } from "vitest";
import { admission } from "../src/admission.ts";
import { keepToken, keptToken } from "../src/kept-token.ts";

beforeEach(() => localStorage.clear());

const aToken = (sub: string, scope?: string) => `e30.${btoa(JSON.stringify({ sub, scope }))}.x`;

/** What the hub answers, by path; fails where it has no answer. */
function hubAnswers(answers: Readonly<Record<string, readonly [status: number, body: unknown]>>) {
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (path: string) => {
    asked.push(path);
    const answer = answers[path];
    if (answer === undefined) throw new TypeError("No network.");
    return new Response(JSON.stringify(answer[1]), { status: answer[0] });
  });
  return asked;
}

const DEVICES = "/v1/users/me/devices?limit=1";
const CLAIM = "/v1/devices/claim";

test("A token is kept once the hub took it, and a code once it was traded for one", async () => {
  hubAnswers({ [DEVICES]: [200, {}], [CLAIM]: [200, { token: aToken("bob") }] });
  expect(await admission.admit({ token: aToken("ann") }, null)).toBe("ann");
  expect(keptToken()).toBe(aToken("ann"));
  expect(await admission.admit({ linkCode: "X" }, "bob")).toBe("bob");
  expect(keptToken()).toBe(aToken("bob"));
});

test.each([
  ["token", { token: aToken("ann") }, { [DEVICES]: [401, {}] }],
  ["forbidden", { token: aToken("ann") }, { [DEVICES]: [403, {}] }],
  ["not_connected", { token: aToken("ann") }, { [DEVICES]: [503, {}] }],
  ["not_connected", { token: aToken("ann") }, {}],
  ["token", { token: "x.y.z" }, {}],
  ["wrong_user", { token: aToken("bob") }, { [DEVICES]: [200, {}] }],
  ["no_inbox", { token: aToken("ann", "admin") }, { [DEVICES]: [200, {}] }],
  ["link_code", { linkCode: "ZZZZ" }, { [CLAIM]: [404, {}] }],
  ["not_connected", { linkCode: "ZZZZ" }, { [CLAIM]: [429, {}] }],
  ["wrong_user", { linkCode: "ZZZZ" }, { [CLAIM]: [200, { token: aToken("bob") }], [DEVICES]: [200, {}] }],
] as const)("What ends in %s leaves the kept token as it is", async (code, given, answers) => {
  keepToken(aToken("ann"));
  hubAnswers(answers);
  await expect(admission.admit(given, "ann")).rejects.toMatchObject({ code });
  expect(keptToken()).toBe(aToken("ann"));
});
