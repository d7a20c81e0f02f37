"""Everybody can use every page: axe finds nothing serious or critical, in light and dark."""

from __future__ import annotations

import pytest

from tests.e2e.processes import HubProcess
from tests.e2e.web.conftest import MakeProfile
from tests.e2e.web_pages import DESKTOP, PHONE, WebPage
from tests.e2e.web_people import Person

PAGES = ("/", "/tasks", "/snoozed", "/archived", "/devices", "/settings")


def barriers(page: WebPage, address: str) -> list[str]:
    page.goto(address)
    page.saved()
    return page.barriers()


@pytest.mark.parametrize(
    ("dark", "size"),
    [(False, DESKTOP), (True, DESKTOP), (True, PHONE)],
    ids=["desktop-light", "desktop-dark", "phone-dark"],
)
async def test_no_page_keeps_anybody_out(
    profile: MakeProfile, ann: Person, dark: bool, size: tuple[int, int]
) -> None:
    for level in ("debug", "info", "success", "warning", "error", "critical"):
        await ann.notify(f"A word of {level}", level=level, source="ci", tags=["nightly"], body="Two\nlines.")
    task = await ann.task("Nightly report", status="running", progress=0.4, note="211 of 500")
    page = ann.at(profile(dark=dark, size=size))
    page.shows(css=".row", has="A word of critical")
    item = await ann.notify(
        "Opened", link="https://ci.example/214", body="See https://ci.example/215", data={"a": 1}
    )
    found = {
        address: barriers(page, ann.hub.url + address)
        for address in (*PAGES, f"/item/{item}", f"/item/{task}")
    }
    page.press("c")
    page.shows(role="dialog")
    found["new task"] = page.barriers()
    page.press("Escape")
    page.hides(role="dialog")
    page.press("?")
    page.shows(role="dialog")
    found["help"] = page.barriers()
    page.press("Escape")
    page.goto(ann.hub.url)
    page.click("More actions", nth=0)
    found["menu"] = page.barriers()
    page.press("Escape")
    page.goto(f"{ann.hub.url}/item/{task}")
    page.click("Add a due date")
    found["due dates"] = page.barriers()
    page.press("Enter")
    page.click("Set a priority")
    page.press("End", "ArrowUp", "Enter")
    page.goto(f"{ann.hub.url}/tasks")
    page.shows(css=".row .due")
    found["a task that is due"] = page.barriers()
    page.goto(f"{ann.hub.url}/devices")
    page.click(css=".device .icon-button")
    found["renaming"] = page.barriers()
    page.goto(ann.hub.url)
    page.fill("Search", "Nightly report")
    page.fill("Search", "nowhere")
    page.shows("Nothing found")
    found["nothing found"] = page.barriers()
    assert {where: what for where, what in found.items() if what} == {}


async def test_an_inbox_that_never_held_anything_says_how_to_begin(profile: MakeProfile, ann: Person) -> None:
    for dark, size in ((False, DESKTOP), (True, PHONE)):
        page = ann.at(profile(dark=dark, size=size))
        page.shows(f'hub send "It works" --to {ann.user}')
        assert page.barriers() == []
    await ann.notify("It works")
    page.shows(css=".row", has="It works")


async def test_the_door_keeps_nobody_out(profile: MakeProfile, shared_hub: HubProcess) -> None:
    for dark in (False, True):
        page = profile(dark=dark).open(shared_hub.url)
        page.shows(role="heading", name="Sign in to Tongbu")
        assert page.barriers() == []
