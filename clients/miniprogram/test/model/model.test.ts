import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { layOut } from "../../../web/src/model/layout.ts";
import { en, zh } from "../../miniprogram/i18n/program.ts";
import { invitationIn, invitationOf, linkOf } from "../../miniprogram/model/address.ts";
import { type Patch, type Plain, patchOf } from "../../miniprogram/model/patch.ts";
import { plainTimes } from "../../miniprogram/model/times.ts";
import { isOutside, windowAt } from "../../miniprogram/model/window.ts";
import { WORDS } from "../../scripts/inbox.ts";

describe("patches", () => {
  const data = fc.record({
    rows: fc.array(fc.record({ key: fc.nat(3), title: fc.string(), done: fc.boolean() }), { maxLength: 4 }),
    standing: fc.option(fc.record({ name: fc.string() })),
    size: fc.nat(),
  });

  it("make of what was shown what is to be shown, and of the same nothing", () => {
    fc.assert(
      fc.property(data, data, (before, after) => {
        expect(applied(before, patchOf(before, after))).toEqual(after);
        expect(patchOf(after, structuredClone(after))).toEqual({});
      }),
    );
  });

  it("name the one field of the one row that changed", () => {
    const before = {
      rows: [
        { key: 1, read: false },
        { key: 2, read: false },
      ],
    };
    const after = {
      rows: [
        { key: 1, read: false },
        { key: 2, read: true },
      ],
    };
    expect(patchOf(before, after)).toEqual({ "rows[1].read": true });
  });
});

/** As `setData` does it. */
function applied(data: object, patch: Patch): unknown {
  const copy = structuredClone(data) as Record<string, Plain>;
  for (const [path, value] of Object.entries(patch)) {
    const steps = path.split(/[.[\]]+/).filter((step) => step !== "");
    const last = steps.pop() as string;
    // biome-ignore lint/suspicious/noExplicitAny: any plain data
    let at: any = copy;
    for (const step of steps) at = at[step];
    at[last] = value;
  }
  return copy;
}

describe("the window of a list", () => {
  const groups = fc.array(fc.record({ key: fc.string(), count: fc.integer({ min: 1, max: 300 }) }), {
    minLength: 1,
    maxLength: 8,
  });

  it("covers the view wherever that is, keeps the height of the whole, and is short", () => {
    fc.assert(
      fc.property(groups, fc.nat(60_000), (groups, scrollTop) => {
        const measures = { row: 72, heading: 36 };
        const layout = layOut(groups, measures);
        const window = windowAt(layout, scrollTop, 700);
        const drawn = window.lines.reduce((sum, line) => sum + ("index" in line ? 72 : 36), 0);
        expect(window.above + drawn + window.below).toBe(layout.height);
        const view = Math.min(scrollTop, Math.max(0, layout.height - 700));
        expect(window.above).toBeLessThanOrEqual(view);
        expect(layout.height - window.below).toBeGreaterThanOrEqual(Math.min(layout.height, view + 700));
        expect(window.lines.length).toBeLessThanOrEqual((4 * 700) / 36 + 4);
        expect(isOutside(window, view, 700)).toBe(false);
      }),
    );
  });

  it("is another one when the view comes near its edge", () => {
    const layout = layOut([{ key: "a", count: 1_000 }], { row: 72, heading: 36 });
    const window = windowAt(layout, 10_000, 700);
    expect(isOutside(window, 10_100, 700)).toBe(false);
    expect(isOutside(window, 10_000 + 1.2 * 700, 700)).toBe(true);
    expect(isOutside(window, 10_000 - 1.2 * 700, 700)).toBe(true);
  });
});

describe("invitations", () => {
  it("are read from the link that a signed-in device shows", () => {
    const invitation = { url: "https://hub.example.org:8443", code: "AB-12" };
    expect(invitationIn(linkOf(invitation))).toEqual(invitation);
    expect(invitationIn("https://hub.example.org/#code=AB-12")?.url).toBe("https://hub.example.org");
    expect(invitationOf(" https://hub.example.org/ ", " AB-12 ")?.code).toBe("AB-12");
    expect(invitationOf("", "https://hub.example.org/#code=AB-12")?.code).toBe("AB-12");
  });

  it.each([
    "",
    "AB-12",
    "ftp://hub/#code=AB",
    "https://hub/#token=ey",
    "https://hub/#code=",
    "https://hub/#code=%E0%A4",
    "javascript:x#code=A",
  ])("are not in %j", (text) => expect(invitationIn(text)).toBeNull());
});

describe("times", () => {
  const now = new Date(2026, 10, 22, 14, 30).getTime();
  const at = (day: number, hour: number, minute = 0) => new Date(2026, 10, day, hour, minute).getTime();

  it("read as people write them, in both languages, without Intl", () => {
    const english = plainTimes("en", WORDS.en.times);
    const chinese = plainTimes("zh", WORDS.zh.times);
    expect(english.short(now - 5 * 60_000, now)).toBe("5 min");
    expect(english.short(at(22, 9, 5), now)).toBe("09:05");
    expect(english.short(at(20, 9, 5), now)).toBe("Fri 09:05");
    expect(english.short(at(3, 9), now)).toBe("3 Nov");
    expect(english.moment(at(23, 8), now)).toBe("tomorrow 08:00");
    expect(english.day(20261121, now)).toBe("Yesterday");
    expect(chinese.day(20261103, now)).toBe("11月3日 周二");
    expect(chinese.day(20251103, now)).toBe("2025年11月3日 周一");
    expect(chinese.moment(at(3, 8), now)).toBe("11月3日 08:00");
    expect(chinese.short(now - 10_000, now)).toBe("刚刚");
    expect(english.duration(7_500_000)).toBe("2 h 5 min");
  });
});

it("says everything in both languages", () => {
  expect(shape(zh)).toEqual(shape(en));
});

function shape(words: object): unknown {
  return Object.fromEntries(
    Object.entries(words).map(([key, value]) => [
      key,
      typeof value === "object" ? shape(value as object) : typeof value,
    ]),
  );
}
