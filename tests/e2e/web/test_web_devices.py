"""Linking another device, and ending one."""

from __future__ import annotations

from tests.e2e.web.conftest import MakeProfile
from tests.e2e.web_pages import PHONE
from tests.e2e.web_people import Person


async def test_a_code_signs_in_a_phone_and_the_laptop_says_so(profile: MakeProfile, ann: Person) -> None:
    item = await ann.notify("On every device")
    laptop = ann.at(profile(), "/devices")
    laptop.click("Link a device")
    laptop.shows(role="img", name="QR code that opens this hub on another device and signs it in")
    letters = laptop.text(".link-letters")
    phone = profile(size=PHONE).open(f"{ann.hub.url}/#code={''.join(letters.split())}")
    phone.saved()
    phone.shows(css=f'.row[data-id="{item}"]')
    assert "code" not in phone.address()
    laptop.shows("It has your inbox now", within={"role": "dialog"})
    laptop.click("Done")
    laptop.shows("Last seen", within={"css": ".devices"})
    phone.reload()
    phone.saved()
    laptop.click(css=".device .button-danger", nth=0)
    laptop.click("Revoke", within={"role": "dialog"})
    phone.shows("Sign in again")
    phone.complaints()


async def test_who_signs_in_by_hand_is_told_what_is_wrong_and_let_in(
    profile: MakeProfile, ann: Person
) -> None:
    item = await ann.notify("Behind the door")
    page = profile().open(ann.hub.url)
    page.fill("Code, link or token", "ABCD2345")
    page.click("Sign in")
    page.shows(css=".problem", has="unknown, used or expired")
    assert [each for each in page.complaints() if "404" not in each] == []
    page.fill("Code, link or token", ann.hub.token(ann.user))
    page.click("Sign in")
    page.saved()
    page.shows(css=f'.row[data-id="{item}"]')
