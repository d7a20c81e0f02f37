"""Which dialect lives at which path. Implements ``ports.PeerHandlers``."""

from __future__ import annotations

from collections.abc import Sequence

from hub.engine.hocuspocus_session import HocuspocusSession
from hub.engine.native_session import NativeSession
from hub.engine.services import Services
from hub.engine.yjs_session import YjsSession
from hub.errors import BadId, Malformed, UnknownTopic
from hub.model import TopicName
from hub.ports import Peer, PeerHandler, Upgrade
from hub.protocol.native import SUBPROTOCOL
from hub.state.names import topic_kind

NATIVE_PATH = "/v1/connect"
YJS_PREFIX = "/yjs/doc/"
HOCUSPOCUS_PATHS = ("/hocuspocus", "/hocuspocus/")


class Dialects:
    """``/v1/connect`` speaks ``tongbu.v1``, ``/yjs/doc/<name>`` y-websocket, ``/hocuspocus`` Hocuspocus."""

    __slots__ = ("_services",)

    def __init__(self, services: Services) -> None:
        self._services = services

    def serves(self, path: str) -> bool:
        """Whether a dialect lives at the path. Under ``/yjs/doc/`` every name is served, also one that can't
        be: browsers tell a page nothing of a refused upgrade, so its provider would come back for ever."""
        return path == NATIVE_PATH or path.startswith(YJS_PREFIX) or path in HOCUSPOCUS_PATHS

    def subprotocol(self, path: str, offered: Sequence[str]) -> str | None:
        """``tongbu.v1`` where it is offered."""
        return SUBPROTOCOL if path == NATIVE_PATH and SUBPROTOCOL in offered else None

    def accept(self, peer: Peer, upgrade: Upgrade) -> PeerHandler:
        """A session for the peer. Raises ``Fatal`` where the Yjs wire's document can't be or its token is
        not good."""
        if upgrade.path == NATIVE_PATH:
            return NativeSession(peer, self._services, upgrade.token)
        if upgrade.path in HOCUSPOCUS_PATHS:
            return HocuspocusSession(peer, self._services, upgrade.token)
        if not upgrade.path.startswith(YJS_PREFIX):
            raise UnknownTopic
        return YjsSession(peer, self._services, _document(upgrade.path), upgrade.token)


def _document(path: str) -> TopicName:
    topic = TopicName(f"doc/{path.removeprefix(YJS_PREFIX)}")
    try:
        topic_kind(topic)
    except BadId as refusal:
        raise Malformed(refusal.message) from None
    return topic
