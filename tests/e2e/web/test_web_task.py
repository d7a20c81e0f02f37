"""One task on two devices: its notes and checklist, its progress, and what became of its end."""

from __future__ import annotations

import re

from tests.e2e.conftest import MakeHub
from tests.e2e.processes import HubProcess
from tests.e2e.web.conftest import MakeProfile
from tests.e2e.web_pages import PHONE, Way, WebBrowser
from tests.e2e.web_people import Person

NOTES = {"role": "textbox", "name": "Notes"}


async def test_notes_and_checklist_are_edited_together(profile: MakeProfile, ann: Person) -> None:
    task = await ann.task("Move the database")
    laptop, phone = ann.at(profile(), f"/item/{task}"), ann.at(profile(size=PHONE), f"/item/{task}")
    for page in (laptop, phone):
        page.shows(**NOTES)
    laptop.click(**NOTES)
    laptop.type("Before: back up.")
    phone.until("() => document.querySelector('.notes textarea, textarea').value === 'Before: back up.'")
    phone.click(**NOTES)
    phone.press("Control+End")
    phone.type(" 之后：验证。")
    laptop.until("() => document.querySelector('textarea').value === 'Before: back up. 之后：验证。'")
    laptop.ask("fill", where={"role": "textbox", "name": "Add a step"}, value="Stop the writers")
    laptop.press("Enter")
    phone.click(role="checkbox", nth=0)
    laptop.shows("1 of 1 done")
    laptop.saved()
    phone.saved()


async def test_notes_written_offline_go_without_their_task_being_opened_again(
    browser: WebBrowser, profile: MakeProfile, shared_hub: HubProcess, ann: Person
) -> None:
    task = await ann.task("Pack")
    way, laptop = Way(browser, shared_hub), profile()
    page = ann.at(laptop, f"/item/{task}", way=way)
    page.shows(**NOTES)
    page.saved()
    page.until("async () => (await navigator.serviceWorker.ready).active.state === 'activated'")
    page.until("() => navigator.serviceWorker.controller !== null")
    way.cut()
    page.shows(css=".saved-chip.is-offline")
    page.click(**NOTES)
    page.type("Passport")
    page.shows("changes not saved yet")
    page.click("Settings", role="link")
    page.shows("Not saved yet", within={"css": ".page"})
    page.reload()
    page.shows(css=".saved-chip.is-offline")
    page.complaints(outage=True)
    way.mend()
    page.saved()
    phone = ann.at(profile(size=PHONE), f"/item/{task}")
    phone.until("() => document.querySelector('textarea')?.value === 'Passport'")
    assert page.address().endswith("/settings")
    page.complaints(outage=True)


async def test_a_task_moves_before_ones_eyes_and_its_receipt_arrives(
    profile: MakeProfile, make_hub: MakeHub
) -> None:
    hub = make_hub(options=["--dev", "--sandbox"])
    hub.start()
    assert re.search(r'"sandbox.started"', hub.log.read_text())
    ann = Person.of(hub, "dev")
    task = await ann.task("Nightly report", status="running", progress=0.25, note="128 of 512")
    page = ann.at(profile(), f"/item/{task}")
    page.shows("128 of 512")
    await ann.report(task, progress=0.75, note="384 of 512")
    page.shows("384 of 512")
    await ann.report(task, status="succeeded")
    page.shows(css=".receipt.is-sent")
