"""One inbox on several devices, as people see it."""

from __future__ import annotations

import re

import aiohttp

from tests.e2e.conftest import MakeHub
from tests.e2e.processes import HubProcess
from tests.e2e.web.conftest import MakeProfile
from tests.e2e.web_pages import PHONE, Way, WebBrowser, WebPage
from tests.e2e.web_people import Person


def row(item: str) -> str:
    """The row of an item, as CSS."""
    return f'.row[data-id="{item}"]'


def act(page: WebPage, item: str, action: str) -> None:
    """By the menu of its row, which is on a phone, too."""
    page.click("More actions", within={"css": row(item)})
    page.click(action, role="menuitem", exact=False)


async def connections(hub: HubProcess) -> float:
    """How many devices are connected, by the hub's own metrics."""
    async with aiohttp.ClientSession() as session, session.get(f"{hub.url}/metrics") as response:
        found = re.findall(r'^\w*connections\{dialect="native"\} (\S+)$', await response.text(), re.M)
    return sum(map(float, found))


async def test_what_is_read_on_the_laptop_is_read_on_the_phone(profile: MakeProfile, ann: Person) -> None:
    item = await ann.notify("Build 214 is green", body="All checks passed.\nhttps://ci.example/214")
    laptop = ann.at(profile())
    phone = ann.at(profile(size=PHONE))
    phone.shows(css=f'.row.is-unread[data-id="{item}"]')
    laptop.click("Build 214 is green", role="link", exact=False)
    laptop.shows("All checks passed.", within={"css": ".pane-detail"})
    phone.shows(css=f'.row:not(.is-unread)[data-id="{item}"]')
    await ann.until(item, read=True)
    assert laptop.title() == phone.title() == "Inbox · Tongbu"


async def test_what_two_devices_do_offline_ends_in_one_state_on_both(
    browser: WebBrowser, profile: MakeProfile, ann: Person
) -> None:
    items = [await ann.notify(f"Message {number}") for number in range(4)]
    ways = [Way(browser, ann.hub), Way(browser, ann.hub)]
    laptop, phone = ann.at(profile(), way=ways[0]), ann.at(profile(size=PHONE), way=ways[1])
    for page in (laptop, phone):
        page.hides(css=".row.is-new")
        page.saved()
    for way in ways:
        way.cut()
    for page in (laptop, phone):
        page.shows(css=".saved-chip.is-offline")
    act(laptop, items[0], "Archive")
    act(laptop, items[1], "Pin")
    act(laptop, items[2], "Mark as read")
    act(phone, items[2], "Mark as read")
    act(phone, items[2], "Mark as unread")
    act(phone, items[3], "Delete")
    assert "3 changes" in laptop.text(".offline-bar")
    for way in ways:
        way.mend()
    for page in (laptop, phone):
        page.saved()
        page.hides(css=row(items[0]))
        page.hides(css=row(items[3]))
        page.shows(css=f"{row(items[1])} .pin-mark")
    assert laptop.texts(".row-title") == phone.texts(".row-title") == ["Message 1", "Message 2"]
    await ann.until(items[0], archived=True)
    await ann.until(items[1], pinned=True)
    for page in (laptop, phone):
        assert page.complaints(outage=True) == []


async def test_a_page_goes_on_while_the_hub_is_killed_and_says_so(
    profile: MakeProfile, make_hub: MakeHub
) -> None:
    hub = make_hub()
    hub.start()
    ann = Person.of(hub, "ann")
    item = await ann.notify("Before the fall")
    page = ann.at(profile())
    page.shows(css=row(item))
    hub.kill()
    page.shows(css=".saved-chip.is-offline")
    act(page, item, "Archive")
    page.hides(css=row(item))
    page.shows(css=".offline-bar")
    hub.start()
    page.saved()
    await ann.until(item, archived=True)
    later = await ann.notify("After it")
    page.shows(css=row(later))
    assert page.complaints(outage=True) == []


async def test_two_tabs_share_one_connection_and_the_second_takes_over(
    profile: MakeProfile, make_hub: MakeHub
) -> None:
    hub = make_hub()
    hub.start()
    ann = Person.of(hub, "ann")
    item = await ann.notify("For both tabs")
    browser = profile()
    first = ann.at(browser)
    second = browser.open(hub.url)
    for page in (first, second):
        page.shows(css=row(item))
        page.saved()
    assert await connections(hub) == 1
    act(second, item, "Mark as read")
    first.shows(css=f"{row(item)}:not(.is-unread)")
    first.close()
    second.saved()
    later = await ann.notify("For the one that is left")
    second.shows(css=row(later))
    assert await connections(hub) == 1


async def test_a_token_that_ends_is_renewed_before(profile: MakeProfile, make_hub: MakeHub) -> None:
    hub = make_hub()
    hub.start()
    ann = Person.of(hub, "ann")
    page = profile().open(ann.address(ttl=8))
    page.saved()
    page.until(
        "async () => { const kept = localStorage.getItem('tongbu.token');"
        " return JSON.parse(atob(kept.split('.')[1])).exp - Date.now() / 1000 > 60 }"
    )
    page.reload()
    page.saved()


async def test_a_token_that_ended_meanwhile_asks_to_sign_in_and_loses_nothing(
    browser: WebBrowser, profile: MakeProfile, shared_hub: HubProcess, ann: Person
) -> None:
    item = await ann.notify("Still here")
    way = Way(browser, shared_hub)
    page = ann.at(profile(), way=way)
    page.shows(css=row(item))
    way.cut()
    page.shows(css=".saved-chip.is-offline")
    act(page, item, "Pin")
    page.shows("1 change not saved yet")
    page.evaluate(
        "void_ => localStorage.setItem('tongbu.token', void_)", shared_hub.token(ann.user)[:-8] + "00000000"
    )
    way.mend()
    page.reload()
    page.shows("Sign in again")
    page.shows(css=row(item))
    page.click("Sign in again", nth=0)
    page.fill("Code, link or token", shared_hub.token(ann.user))
    page.click("Sign in")
    page.saved()
    await ann.until(item, pinned=True)
    page.complaints(outage=True)


async def test_a_link_signs_in_and_leaves_no_token_in_the_address(profile: MakeProfile, ann: Person) -> None:
    item = await ann.notify("Opened by its address")
    page = ann.at(profile(), f"/item/{item}")
    page.shows(role="heading", name="Opened by its address")
    assert page.address() == f"{ann.hub.url}/item/{item}"
    page.reload()
    page.shows(role="heading", name="Opened by its address")
