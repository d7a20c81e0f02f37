"""Ten thousand items: as smooth as a hundred."""

from __future__ import annotations

import json

import aiohttp

from tests.e2e.processes import HubProcess
from tests.e2e.web.conftest import MakeProfile
from tests.e2e.web_pages import WebPage
from tests.e2e.web_people import Person

FEW, MANY = 100, 10_000
UPDATES = 40
ROUNDS = 3
IN_SIGHT = 4
AT_MOST = 1.5
"""Times as much with many as with few, of the CPU of the page's main thread."""


async def fill(hub: HubProcess, user: str, number: int) -> list[str]:
    """So many tasks by their own device, a thousand a message; the ids, newest last."""
    token = hub.token(user)
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as session:
        ids = [f"t{index:05}" for index in range(number)]
        for first in range(0, number, 1000):
            await push(session, hub, user, ids[first : first + 1000])
    return ids


async def push(session: aiohttp.ClientSession, hub: HubProcess, user: str, ids: list[str]) -> None:
    record = {"kind": "task", "title": "One of many", "source": "ci"}
    said = [[item, "item", record, 1] for item in ids]
    body = json.dumps([{"topic": f"inbox/{user}", "incarnation": 0, "seq": 0, "push": said}])
    headers = {"Content-Type": "application/json"}
    async with session.post(f"{hub.url}/v1/sync", data=body, headers=headers) as response:
        assert response.status == 200, await response.text()
        await response.read()


async def cost(hub: HubProcess, page: WebPage, user: str, ids: list[str], sign: str) -> float:
    """CPU ms of the page for one update of an item in sight that comes from elsewhere."""
    before = page.ask("spent")
    for number in range(UPDATES):
        title = f"{sign} {number}"
        path = f"/v1/users/me/items/{ids[-1 - number % IN_SIGHT]}"
        await hub.http("PATCH", path, {"title": title}, hub.token(user))
        page.shows(title, exact=True)
    return float(page.ask("spent") - before) / UPDATES * 1000


async def test_an_update_costs_the_page_no_more_in_a_full_inbox(
    profile: MakeProfile, shared_hub: HubProcess, ann: Person
) -> None:
    inboxes = {}
    for number in (FEW, MANY):
        someone = Person(shared_hub, f"{ann.user}-{number}")
        ids = await fill(shared_hub, someone.user, number)
        page = someone.at(profile())
        page.shows(css=f'.row[data-id="{ids[-1]}"]')
        inboxes[number] = (page, someone.user, ids)
    costs: dict[int, list[float]] = {FEW: [], MANY: []}
    for turn in range(ROUNDS):
        for number, (page, user, ids) in inboxes.items():
            costs[number].append(await cost(shared_hub, page, user, ids, f"Turn {turn}"))
    assert min(costs[MANY]) <= AT_MOST * min(costs[FEW]), costs
