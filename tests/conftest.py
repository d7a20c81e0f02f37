"""What every test stands on."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog


@pytest.fixture(scope="session", autouse=True)
def loggers_hear_of_changes() -> Iterator[None]:
    """A logger that was used while a test had configured logging would keep that test's settings for ever:
    the modules' loggers outlive tests, so none is cached."""
    configure = structlog.configure

    def configure_without_cache(*args: Any, **settings: Any) -> None:
        configure(*args, **{**settings, "cache_logger_on_first_use": False})

    structlog.configure = configure_without_cache
    yield
    structlog.configure = configure


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """A test that configures logging does so for itself alone."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)
