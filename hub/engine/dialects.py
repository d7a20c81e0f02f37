"""Which dialect lives at which path. Implements ``ports.PeerHandlers``."""

from __future__ import annotations

from collections.abc import Sequence

from hub.engine.native_session import NativeSession
from hub.engine.services import Services
from hub.engine.yjs_session import YjsSession
from hub.errors import UnknownTopic
from hub.model import TopicName
from hub.ports import Peer, PeerHandler, Upgrade
from hub.protocol.native import SUBPROTOCOL
from hub.state.names import is_document_name

NATIVE_PATH = "/v1/connect"
YJS_PREFIX = "/yjs/doc/"


class Dialects:
    """``/v1/connect`` speaks ``tongbu.v1``, ``/yjs/doc/<name>`` y-websocket."""

    __slots__ = ("_services",)

    def __init__(self, services: Services) -> None:
        self._services = services

    def serves(self, path: str) -> bool:
        """Whether a dialect lives at the path."""
        return path == NATIVE_PATH or _document(path) is not None

    def subprotocol(self, path: str, offered: Sequence[str]) -> str | None:
        """``tongbu.v1`` where it is offered."""
        return SUBPROTOCOL if path == NATIVE_PATH and SUBPROTOCOL in offered else None

    def accept(self, peer: Peer, upgrade: Upgrade) -> PeerHandler:
        """A session for the peer. Raises ``Fatal`` where the Yjs wire's token is not good."""
        if upgrade.path == NATIVE_PATH:
            return NativeSession(peer, self._services, upgrade.token)
        document = _document(upgrade.path)
        if document is None:
            raise UnknownTopic
        return YjsSession(peer, self._services, document, upgrade.token)


def _document(path: str) -> TopicName | None:
    name = path.removeprefix(YJS_PREFIX)
    return TopicName(f"doc/{name}") if name != path and is_document_name(name) else None
