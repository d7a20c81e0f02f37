"""Tongbu's client for Python."""

from __future__ import annotations

from tongbu import errors
from tongbu.document import Document
from tongbu.hub import Hub, connect
from tongbu.items import Change, Counts, Item, RefusedStatement
from tongbu.ledger import Inbox, Ledger
from tongbu.presence import Presence, Present
from tongbu.tasks import Task, TaskContext

__all__ = [
    "Change",
    "Counts",
    "Document",
    "Hub",
    "Inbox",
    "Item",
    "Ledger",
    "Presence",
    "Present",
    "RefusedStatement",
    "Task",
    "TaskContext",
    "connect",
    "errors",
]
