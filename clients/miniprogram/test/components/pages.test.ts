// @vitest-environment happy-dom
import { expect, inject, it } from "vitest";
import { FakeHub } from "../../../web/test/kit/fake-hub.ts";
import { aNotification, aTask, NOW } from "../../../web/test/kit/items.ts";
import { aDevice, draw, type FakeDevice, type Screen, settled } from "../kit/screen.ts";

const folder = inject("program");

function page(name: string, device: FakeDevice, id?: string): Screen {
  return draw(folder, `pages/${name}/${name}`, { device, query: id === undefined ? {} : { id } });
}

it("follows a task live: status, progress, note", async () => {
  const hub = new FakeHub({ items: [aTask({ id: "t1" }, { progress: 0.25, note: "step 1" })] });
  const screen = page("task", aDevice(hub), "t1");
  expect(screen.all("status")[0]?.textContent).toBe("Running");
  expect(screen.all("percent")[0]?.textContent).toBe("25%");
  hub.ledger.task("t1").progress(0.5, "step 2");
  await settled();
  expect(screen.all("percent")[0]?.textContent).toBe("50%");
  expect(screen.all("note")[0]?.textContent).toBe("step 2");
});

it("pauses, resumes, cancels once that was confirmed, and tries again", async () => {
  const hub = new FakeHub({ items: [aTask({ id: "t1" })] });
  const screen = page("task", aDevice(hub), "t1");
  const status = () => hub.ledger.get("t1")?.task?.status;
  await screen.tap("button", 0);
  expect(status()).toBe("paused");
  await screen.tap("button", 0);
  expect(status()).toBe("running");
  screen.phone.confirms = false;
  await screen.tap("is-danger");
  expect(status()).toBe("running");
  screen.phone.confirms = true;
  await screen.tap("is-danger");
  expect(status()).toBe("canceled");
  expect(screen.all("button").map((each) => each.textContent)).toEqual(["Try again"]);
  await screen.tap("button", 0);
  expect(hub.ledger.get("t1")?.task).toMatchObject({ attempt: 2, status: "queued" });
});

it("shows by which channels an item left, in the language of the phone", () => {
  const sent = { wechat: { state: "sent", at: NOW }, mail: { state: "dead", at: NOW, ref: "m-7" } };
  const device = aDevice(new FakeHub({ items: [aNotification({ id: "n1", sent })] }), "zh_CN");
  const screen = page("notification", device, "n1");
  const receipts = screen.all("receipt").map((each) => each.textContent ?? "");
  expect(receipts[0]).toMatch(/^微信 · \d\d:\d\d ✓ 已送达$/);
  expect(receipts[1]).toMatch(/^mail · .* ✕ 未送达.*m-7$/);
});

it("reads a notification that is opened; archives it and takes it back", async () => {
  const hub = new FakeHub({ items: [aNotification({ id: "n1", body: "<b>not bold</b>" })] });
  const screen = page("notification", aDevice(hub), "n1");
  expect(hub.ledger.get("n1")?.read).toBe(true);
  expect(screen.all("body")[0]?.textContent).toBe("<b>not bold</b>");
  await screen.tap("button", 1);
  expect(hub.ledger.get("n1")?.archived).toBe(true);
  await screen.tap("button", 1);
  expect(hub.ledger.get("n1")?.archived).toBe(false);
});

it("says so where an item is gone, once it knows", async () => {
  const screen = page("task", aDevice(new FakeHub()), "t9");
  expect(screen.text()).not.toContain("This item is not here");
  await settled();
  expect(screen.text()).toContain("This item is not here");
});

it("says so where an item is deleted elsewhere, and where a task's page is opened for what is none", async () => {
  const hub = new FakeHub({ items: [aNotification({ id: "n1", title: "Gone soon" })] });
  const device = aDevice(hub);
  const [right, wrong] = [page("notification", device, "n1"), page("task", device, "n1")];
  await settled();
  expect(right.text()).toContain("Gone soon");
  expect(wrong.text()).toContain("This item is not here");
  hub.ledger.mark("n1", { deleted: true });
  await settled();
  expect(right.text()).toContain("This item is not here");
});

it.each(["notification", "task"])(
  "reads the item of a %s page when it is shown first, and not again",
  async (name) => {
    const item = name === "task" ? aTask({ id: "i1", read: false }) : aNotification({ id: "i1" });
    const hub = new FakeHub({ items: [item] });
    page(name, aDevice(hub), "i1");
    expect(hub.ledger.get("i1")?.read).toBe(true);
    hub.ledger.mark("i1", { read: false });
    await settled();
    expect(hub.ledger.get("i1")?.read).toBe(false);
  },
);

it("names who made an item as the other devices do", () => {
  const byOf = (by: string): string => {
    const screen = page(
      "notification",
      aDevice(new FakeHub({ items: [aNotification({ id: "n1", by })] })),
      "n1",
    );
    return screen.text();
  };
  expect(byOf("device-1")).toContain("This device");
  expect(byOf("ann.api")).toContain("A program of yours");
  expect(byOf("ci.api")).toContain("ci (program)");
  expect(byOf("wecom:ann")).toMatch(/ann \(.+\)/);
});

it("signs in with the code that the camera sees", async () => {
  const screen = page("sign-in", aDevice(null));
  screen.phone.scanned = "https://hub.example.org/#code=ABCD-1234";
  await screen.tap("scan");
  expect(screen.device.invitations).toEqual([{ url: "https://hub.example.org", code: "ABCD-1234" }]);
  expect(screen.phone.visited).toEqual(["/pages/inbox/inbox"]);
});

it("tells why a code was not taken, and stays", async () => {
  const screen = page("sign-in", aDevice(null));
  screen.phone.scanned = "WIFI:S:home;;";
  await screen.tap("scan");
  expect(screen.all("problem")[0]?.textContent).toContain("no link code");
  screen.device.refusal = new Error("The link code is unknown, used or expired.");
  screen.instance.typed({ currentTarget: { dataset: { field: "code" } }, detail: { value: "ABCD" } });
  await screen.tap("submit");
  expect(screen.all("problem")[0]?.textContent).toContain("unknown, used or expired");
  expect(screen.phone.visited).toEqual([]);
});

const DEVICES = [
  { device: "device-2", name: "Laptop", platform: "web", seen_at: NOW, revoked_at: null },
  { device: "device-1", name: "Phone", platform: "wechat", seen_at: NOW, revoked_at: null },
  { device: "device-3", name: "Old", platform: "web", seen_at: NOW, revoked_at: NOW },
];

function devicesHub(): FakeHub {
  return new FakeHub({
    answer: (method, path) => {
      if (method === "POST") return { status: 200, body: { code: "WXYZ", expires_at: NOW + 120_000 } };
      return path.startsWith("/v1/users/me/devices?")
        ? { status: 200, body: { items: DEVICES, next: null } }
        : { status: 204, body: null };
    },
  });
}

it("lists the devices that are not revoked, this one first, and revokes another", async () => {
  const hub = devicesHub();
  const screen = page("devices", aDevice(hub));
  screen.pageLifeTime("show");
  await settled();
  expect(screen.all("name").map((each) => each.textContent)).toEqual(["Phone", "Laptop"]);
  await screen.tap("act", 0);
  expect(hub.requests).toContainEqual({ method: "DELETE", path: "/v1/users/me/devices/device-2" });
});

it("gets a code for another device, and copies the link that holds it", async () => {
  const screen = page("devices", aDevice(devicesHub()));
  await screen.tap("is-main");
  await settled();
  expect(screen.all("code")[0]?.textContent).toBe("WXYZ");
  screen.instance.copy();
  expect(screen.phone.clipboard).toEqual(["https://hub.example.org/#code=WXYZ"]);
});

it("signs out once that was confirmed", async () => {
  const screen = page("devices", aDevice(devicesHub()));
  await screen.tap("is-danger");
  expect(screen.phone.modals).toEqual(["Sign out on this device?"]);
  expect(screen.text()).toContain("Not signed in");
});
