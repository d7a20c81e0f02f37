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
    laptop.shows(css=".device .button-danger", nth=0)
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


async def test_a_device_is_called_what_its_owner_calls_it_on_every_device(
    profile: MakeProfile, ann: Person
) -> None:
    laptop = ann.at(profile(), "/devices")
    phone = ann.at(profile(size=PHONE), "/devices")
    laptop.click(css=".device .icon-button", nth=0)
    laptop.type("Mei's laptop")
    laptop.press("Enter")
    laptop.shows("Mei's laptop", within={"css": ".devices"})
    laptop.reload()
    laptop.saved()
    laptop.shows("Mei's laptop", within={"css": ".devices"})
    laptop.press("c")
    laptop.fill("Title", "Water the flowers")
    laptop.click("Create")
    laptop.shows("This device", within={"css": ".facts"})
    phone.goto(f"{ann.hub.url}/tasks")
    phone.click("Water the flowers", role="link", exact=False)
    phone.shows("Mei's laptop", within={"css": ".facts"})


async def test_a_token_that_opens_no_inbox_is_told_so(profile: MakeProfile, ann: Person) -> None:
    page = profile().open(ann.hub.url)
    page.fill("Code, link or token", ann.hub.token(ann.user, "admin"))
    page.click("Sign in")
    page.shows(css=".problem", has="opens no inbox")


async def test_a_revoked_device_stays_out_until_somebody_signs_in_there(
    profile: MakeProfile, ann: Person
) -> None:
    item = await ann.notify("Before")
    lost = ann.at(profile(), "/")
    lost.shows(css=f'.row[data-id="{item}"]')
    laptop = ann.at(profile(), "/devices")
    laptop.shows(css=".device .button-danger", nth=0)
    laptop.click(css=".device .button-danger", nth=0)
    laptop.click("Revoke", within={"role": "dialog"})
    lost.shows("Sign in again")
    later = await ann.notify("After")
    lost.reload()
    lost.shows("Sign in again")
    lost.goto(f"{ann.hub.url}/tasks")
    lost.shows("Sign in again")
    lost.goto(ann.hub.url)
    lost.shows("Sign in again")
    assert lost.count(css=f'.row[data-id="{later}"]') == 0
    assert await ann.devices() == [False, True]
    lost.click("Sign in again")
    lost.fill("Code, link or token", ann.hub.token(ann.user))
    lost.click("Sign in")
    lost.saved()
    lost.shows(css=f'.row[data-id="{later}"]')
    assert await ann.devices() == [False, False, True]
    lost.reload()
    lost.saved()
    assert await ann.devices() == [False, False, True]


async def test_who_signs_in_in_a_second_tab_of_a_revoked_device_is_in_in_both(
    profile: MakeProfile, ann: Person
) -> None:
    await ann.notify("Before")
    phone = profile()
    first = ann.at(phone)
    second = phone.open(ann.hub.url)
    second.saved()
    laptop = ann.at(profile(), "/devices")
    laptop.shows(css=".device .button-danger", nth=0)
    laptop.click(css=".device .button-danger", nth=0)
    laptop.click("Revoke", within={"role": "dialog"})
    first.shows("Sign in again")
    second.shows("Sign in again")
    second.click("Sign in again")
    second.fill("Code, link or token", ann.hub.token(ann.user))
    second.click("Sign in")
    second.saved()
    first.saved()
    assert await ann.devices() == [False, False, True]
