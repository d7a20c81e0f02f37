"""One Chromium and one hub for all tests of the web inbox; each test has users and profiles of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.e2e.processes import HubProcess
from tests.e2e.web_pages import Profile, WebBrowser
from tests.e2e.web_people import Person


@pytest.fixture(scope="session")
def browser() -> Iterator[WebBrowser]:
    with WebBrowser() as browser:
        yield browser


@pytest.fixture(scope="session")
def shared_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    """A hub that every test may use and none may end."""
    hub = HubProcess(tmp_path_factory.mktemp("web"))
    hub.start()
    yield hub
    hub.close()


MakeProfile = Callable[..., Profile]


@pytest.fixture
def profile(browser: WebBrowser) -> Iterator[MakeProfile]:
    """Makes browsers' profiles, arguments as of ``WebBrowser.profile``. At the end no page of theirs may have
    complained; what a test expects it has asked for before."""
    made: list[Profile] = []

    def make(**options: Any) -> Profile:
        made.append(browser.profile(**options))
        return made[-1]

    yield make
    complaints = [each for profile in made for page in profile.pages for each in page.complaints()]
    for each in made:
        each.close()
    assert complaints == []


@pytest.fixture
def ann(shared_hub: HubProcess, request: pytest.FixtureRequest) -> Person:
    """Somebody with an inbox of their own in the shared hub."""
    return Person.of(shared_hub, request.node.name)
