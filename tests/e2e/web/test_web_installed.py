"""The web inbox as an app: installable, starting without a hub, and heard while nobody looks."""

from __future__ import annotations

import json

from tests.e2e.processes import HubProcess
from tests.e2e.web.conftest import MakeProfile
from tests.e2e.web_pages import Way, WebBrowser, WebPage
from tests.e2e.web_people import Person

ACTIVE = "async () => (await navigator.serviceWorker.ready).active.state === 'activated'"
NOTICES = """async wanted => JSON.stringify((await (await navigator.serviceWorker.ready).getNotifications())
    .map(notice => [notice.title, notice.body, notice.tag])) === wanted"""
HIDE = """() => {
    Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true })
    document.dispatchEvent(new Event('visibilitychange'))
}"""


def with_worker(page: WebPage) -> None:
    """Until everything the page needs is kept."""
    page.until(ACTIVE)
    page.until("() => navigator.serviceWorker.controller !== null")


async def test_the_page_can_be_installed(profile: MakeProfile, ann: Person) -> None:
    page = ann.at(profile())
    with_worker(page)
    found = page.ask("manifest")
    assert found["errors"] == []
    # A throw-away profile installs nothing; nothing else may stand in the way.
    assert set(found["installability"]) <= {"in-incognito"}
    manifest = json.loads(found["data"])
    assert {icon["sizes"] for icon in manifest["icons"]} >= {"192x192", "512x512"}
    assert page.evaluate(
        """async icons => (await Promise.all(icons.map(async src => createImageBitmap(
               await (await fetch(src)).blob())))).map(image => image.width)""",
        [icon["src"] for icon in manifest["icons"] if icon["type"] == "image/png"],
    ) == [192, 512, 512]


async def test_the_page_starts_without_a_hub_at_any_address(
    browser: WebBrowser, profile: MakeProfile, shared_hub: HubProcess, ann: Person
) -> None:
    item = await ann.notify("Kept here", body="Down to the last word.")
    way, person = Way(browser, shared_hub), profile()
    page = ann.at(person, way=way)
    page.shows(css=f'.row[data-id="{item}"]:not(.is-new)')
    page.saved()
    with_worker(page)
    page.close()
    way.cut()
    for path in ("/", f"/item/{item}", "/settings"):
        offline = person.open(way.url + path)
        offline.shows(css=".saved-chip.is-offline")
        if path != "/settings":
            offline.shows("Kept here")
        assert offline.complaints(outage=True) == []
        offline.close()
    again = person.open(way.url)
    again.click("More actions", nth=0)
    again.click("Pin", role="menuitem", exact=False)
    way.mend()
    again.saved()
    await ann.until(item, pinned=True)
    again.complaints(outage=True)


async def test_what_the_hub_answers_is_never_kept(profile: MakeProfile, ann: Person) -> None:
    page = ann.at(profile())
    with_worker(page)
    kept = page.evaluate("""async () => (await Promise.all((await caches.keys()).map(async name =>
        (await (await caches.open(name)).keys()).map(request => new URL(request.url).pathname)))).flat()""")
    assert "/" in kept
    assert [path for path in kept if path.startswith(("/v1", "/healthz", "/metrics", "/sw.js"))] == []


async def test_a_new_build_waits_until_the_person_wants_it(profile: MakeProfile, ann: Person) -> None:
    page = ann.at(profile())
    with_worker(page)
    # Another build, as the browser sees it: the worker's script at another address, with other bytes.
    page.evaluate("async () => { await navigator.serviceWorker.register('/sw.js?next') }")
    page.shows("A new version is here")
    page.evaluate("() => { window.isOld = true }")
    page.click("Reload")
    page.until("() => window.isOld === undefined")
    page.saved()


async def test_the_system_tells_once_while_nobody_looks_and_stops_when_it_is_read_elsewhere(
    profile: MakeProfile, ann: Person
) -> None:
    person = profile(permissions=["notifications"], origin=ann.hub.url)
    first = ann.at(person, "/settings")
    with_worker(first)
    first.click("Turn on")
    first.shows(role="button", name="Turn off")
    second = person.open(ann.hub.url)
    second.saved()
    await ann.notify("Before everybody's eyes")
    second.shows("Before everybody's eyes")
    for page in (first, second):
        page.evaluate(HIDE)
    item = await ann.notify("Disk is full", source="db1", body="/var has 0 bytes left.")
    await ann.notify("For nobody's screen", **{"class": "core"})
    shown = [["Disk is full", "db1 · /var has 0 bytes left.", item]]
    first.until(NOTICES, json.dumps(shown, ensure_ascii=False, separators=(",", ":")))
    await ann.http("PATCH", f"/v1/users/me/items/{item}", {"read": True})
    first.until(NOTICES, "[]")
