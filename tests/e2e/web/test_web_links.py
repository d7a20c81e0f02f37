"""Links that sign in, opened where somebody is here already; leaving in one tab; texts made to do harm."""

from __future__ import annotations

import pytest

from tests.e2e.web.conftest import MakeProfile
from tests.e2e.web_pages import WebPage
from tests.e2e.web_people import Person

ASKED = {"role": "dialog"}


def kept(page: WebPage) -> str:
    """The token this browser keeps."""
    return str(page.evaluate("() => localStorage.getItem('tongbu.token')"))


@pytest.mark.parametrize("link", ["#token=x.y.z", "#code=ZZZZ-ZZZZ", "#token=OTHER"])
async def test_a_link_is_asked_about_and_one_that_does_not_work_changes_nothing(
    profile: MakeProfile, ann: Person, link: str
) -> None:
    item = await ann.notify("Mine")
    browser = profile()
    page = ann.at(browser)
    before = kept(page)
    other = browser.open(f"{ann.hub.url}/{link.replace('OTHER', ann.hub.token('mallory'))}")
    other.shows(f"You are signed in as {ann.user}", within=ASKED)
    assert kept(page) == before
    other.click("Sign in with it", within=ASKED)
    other.shows(role="heading", name="Sign in to Tongbu")
    other.shows(css=".problem")
    assert kept(page) == before
    other.click("Cancel")
    other.saved()
    other.shows(css=f'.row[data-id="{item}"]')
    assert [each for each in other.complaints() if "404" not in each] == []


async def test_on_a_new_browser_a_link_says_as_whom_it_signed_in(profile: MakeProfile, ann: Person) -> None:
    page = profile().open(f"{ann.hub.url}//other.example/#token={ann.hub.token(ann.user)}")
    page.shows(f"You are signed in as {ann.user}", within={"css": ".toast"})
    assert page.address() == f"{ann.hub.url}//other.example/"


async def test_signing_out_in_one_tab_signs_out_all(profile: MakeProfile, ann: Person) -> None:
    item = await ann.notify("Secret")
    browser = profile()
    first = ann.at(browser)
    first.shows(css=f'.row[data-id="{item}"]')
    second = browser.open(f"{ann.hub.url}/settings")
    second.saved()
    second.click("Sign out")
    second.click("Sign out", within=ASKED)
    for page in (first, second):
        page.shows(role="heading", name="Sign in to Tongbu")
        page.hides("Secret")
        page.complaints()


async def test_texts_made_to_freeze_the_page_are_shown_and_the_next_item_too(
    profile: MakeProfile, ann: Person
) -> None:
    hostile = [
        await ann.notify(f"Hostile {number}", body=f"https://a/{tail}")
        for number, tail in enumerate((")" * 60_000, "." * 60_000 + "a"))
    ]
    whole = await ann.notify("Whole", body="hi", link=f"{ann.hub.url}/#token=a.b.c")
    page = ann.at(profile())
    for number, item in enumerate(hostile):
        page.click(css=f'.row[data-id="{item}"] .row-link')
        page.shows(role="heading", name=f"Hostile {number}")
    page.click(css=f'.row[data-id="{whole}"] .row-link')
    page.shows(role="heading", name="Whole")
    links = page.evaluate("() => [...document.querySelectorAll('.detail a')].map(({ href }) => href)")
    assert links == [f"{ann.hub.url}/"]
