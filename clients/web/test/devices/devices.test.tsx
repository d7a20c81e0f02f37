import jsQR from "jsqr";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { countdown, inOrder, isLocalHost, spelled } from "../../src/model/devices.ts";
import { type FakeDevices, someDevices } from "../kit/fake-devices.ts";
import { NOW } from "../kit/items.ts";
import { type OpenedPage, openPage } from "../kit/page.tsx";

let page: OpenedPage;
let devices: FakeDevices;

beforeEach(() => {
  localStorage.clear();
  devices = someDevices(() => NOW);
});
afterEach(() => {
  page.close();
  vi.useRealTimers();
});

const names = () => [...page.root.querySelectorAll(".device-name strong")].map((name) => name.textContent);

test("Devices are listed with when they were seen, this one first and marked", async () => {
  page = await openPage({ path: "/devices", answer: devices.answer });
  expect(names()).toEqual(["Chrome · Linux", "Safari · iPhone", "agent on build-7", "Unnamed device"]);
  const [own, phone] = page.root.querySelectorAll(".device");
  expect(own?.textContent).toContain("This device");
  expect(own?.textContent).toContain("In use now");
  expect(phone?.textContent).toContain("Last seen 14:26");
  expect(own?.querySelector(".button-danger")).toBeNull();
});

test("Revoking asks first, then says so, and the device stands with the revoked ones", async () => {
  page = await openPage({ path: "/devices", answer: devices.answer });
  await page.click(page.button("Revoke Safari · iPhone"));
  expect(devices.devices[1]?.revoked_at).toBeNull();
  await page.click(page.root.querySelector("dialog .button-danger") as HTMLElement);
  expect(devices.devices[1]?.revoked_at).toBe(NOW);
  expect(page.text()).toContain("Safari · iPhone is revoked");
  expect(page.root.querySelector(".devices-revoked")?.textContent).toContain("Safari · iPhone");
});

test("A device is renamed in its place: Enter keeps the name, Escape does not, and the focus stays there", async () => {
  page = await openPage({ path: "/devices", answer: devices.answer });
  const field = () => page.root.querySelector<HTMLInputElement>(".device-field") as HTMLInputElement;
  await page.click(page.button("Rename Safari · iPhone"));
  expect([document.activeElement, field().value]).toEqual([field(), "Safari · iPhone"]);
  field().value = "  小梅的  手机 ";
  await page.press("Enter");
  await page.after(() => {});
  expect(page.hub.requests.find(({ method }) => method === "PATCH")).toEqual({
    method: "PATCH",
    path: "/v1/users/me/devices/device-2",
    body: { name: "小梅的 手机" },
  });
  expect(names()).toContain("小梅的 手机");
  expect(document.activeElement?.getAttribute("aria-label")).toBe("Rename 小梅的 手机");
  await page.click(page.button("Rename agent on build-7"));
  field().value = "Other";
  await page.press("Escape");
  expect(names()).toContain("agent on build-7");
  expect(page.hub.requests.filter(({ method }) => method === "PATCH")).toHaveLength(1);
});

test("A name that the hub does not take is told, and the old one stands", async () => {
  const answer = (method: string, path: string) =>
    method === "PATCH" ? { status: 422, body: null } : devices.answer(method, path);
  page = await openPage({ path: "/devices", answer });
  await page.click(page.button("Rename Safari · iPhone"));
  (page.root.querySelector(".device-field") as HTMLInputElement).value = "Mei's";
  await page.press("Enter");
  await page.after(() => {});
  expect(page.text()).toContain("The hub did not take the name");
  expect(names()).toContain("Safari · iPhone");
});

test("The picture of a code is read by a camera as the link that signs in", async () => {
  page = await openPage({ path: "/devices", answer: devices.answer });
  await page.click(page.button("Link a device"));
  await vi.waitFor(() => expect(page.root.querySelector(".qr-dark")?.getAttribute("d")).toMatch(/^M/u));
  expect(readQr(page.root.querySelector(".qr") as SVGElement)).toBe("http://127.0.0.1/#code=7KQ4M2X1");
});

/** What a reader sees in the drawing, four pixels a module. */
function readQr(svg: SVGElement): string | undefined {
  const size = Number(svg.getAttribute("viewBox")?.split(" ")[2]);
  const side = 4 * size;
  const pixels = new Uint8ClampedArray(4 * side * side).fill(255);
  const runs =
    svg
      .querySelector(".qr-dark")
      ?.getAttribute("d")
      ?.matchAll(/M(\d+) (\d+)h(\d+)/gu) ?? [];
  for (const [x, y, length] of [...runs].map((run) => run.slice(1).map((text) => 4 * Number(text)))) {
    for (let row = Number(y); row < Number(y) + 4; row++) {
      for (let at = Number(x); at < Number(x) + Number(length); at++) {
        pixels.set([0, 0, 0], 4 * (row * side + at));
      }
    }
  }
  return jsQR(pixels, side, side)?.data;
}

test("Without the hub the page says what it waits for, and asks again once it is back", async () => {
  let reachable = false;
  const answer = (method: string, path: string) => {
    if (!reachable) throw new Error("No hub.");
    return devices.answer(method, path);
  };
  page = await openPage({
    path: "/devices",
    answer,
    connection: { state: "waiting", retryAt: NOW, reason: "" },
  });
  expect(page.text()).toContain("The list comes from the hub");
  reachable = true;
  await page.after(() => page.hub.becomes({ state: "online" }));
  await page.after(() => {});
  expect(names()).toHaveLength(4);
});

test("Another device with a connection is in use now, a revoked one is not", async () => {
  devices.devices = devices.devices.map((each) => ({
    ...each,
    connected: true,
    revoked_at: each.device === "device-3" ? NOW : null,
  }));
  page = await openPage({ path: "/devices", answer: devices.answer });
  const shown = [...page.root.querySelectorAll(".device")].map((line) =>
    line.textContent?.includes("In use now"),
  );
  expect(shown).toEqual([true, true, true, false]);
});

test("A code is shown with its time, can be renewed, and who used it is named", async () => {
  vi.useFakeTimers();
  let now = NOW;
  devices = someDevices(() => NOW);
  page = await openPage({ path: "/devices", answer: devices.answer, now: () => now });
  await page.click(page.button("Link a device"));
  await page.after(() => {});
  const letters = () => page.root.querySelector(".link-letters")?.textContent;
  expect(letters()).toBe("7KQ4 M2X1");
  expect(page.text()).toContain("Valid for 2:00");
  expect(page.root.querySelector(".qr")?.getAttribute("role")).toBe("img");
  now += 17_000;
  await page.after(() => vi.advanceTimersByTime(1000));
  expect(page.text()).toContain("Valid for 1:43");
  now += 120_000;
  await page.after(() => vi.advanceTimersByTime(1000));
  expect(page.text()).toContain("This code has expired.");
  await page.click(page.button("New code"));
  expect(letters()).toBe("7KQ4 M2X2");
  devices.put("device-9", "Firefox · Android", "web", 0);
  await page.after(() => vi.advanceTimersByTime(2000));
  expect(page.text()).toContain("Firefox · Android is linked");
  expect(names()).toContain("Firefox · Android");
});

test("What is left of a code, how it is spelled, and who stands first", () => {
  expect([120_400, 120_000, 61_001, 900, -5].map(countdown)).toEqual([
    "2:00",
    "2:00",
    "1:01",
    "0:01",
    "0:00",
  ]);
  expect(spelled("ABCD1234")).toBe("ABCD 1234");
  expect(["localhost", "127.0.0.1", "[::1]", "hub.example.org"].map(isLocalHost)).toEqual([
    true,
    true,
    true,
    false,
  ]);
  const device = (id: string, seenAt: number) => ({
    id,
    name: "",
    platform: "",
    createdAt: 0,
    seenAt,
    connected: false,
    revokedAt: null,
  });
  expect(inOrder([device("a", 1), device("b", 3), device("own", 0)], "own").map(({ id }) => id)).toEqual([
    "own",
    "b",
    "a",
  ]);
});
