"""Fixtures of the HTTP tests."""

from __future__ import annotations

import pytest

from tests.unit.server.http.harness import Desk


@pytest.fixture
def desk() -> Desk:
    return Desk()
