"""The sandbox on a socket: the robot's endpoint as the vendor has it, and a page to look at and to break it.

=============================== =====================================================================
``POST /cgi-bin/webhook/send``  the robot; ``?key=``
``GET /``                       the page
``GET /messages``               what the group has received, oldest first; ``DELETE`` empties the group
``GET /stream``                 server-sent events: ``state`` with everything, then ``call`` for each call
``GET /faults``                 those to come; ``POST {"kind", "times"?, "key"?, "seconds"?}``; ``DELETE``
=============================== =====================================================================
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from hub.errors import BadConfig, PortInUse
from hub.ports import Clock, SystemClock
from hub.sandbox import answers, views
from hub.sandbox.answers import Answer
from hub.sandbox.faults import DEFAULT_SECONDS, Fault, FaultKind
from hub.sandbox.feed import Feed
from hub.sandbox.page import page
from hub.sandbox.robot import Call, Robot, Watcher
from hub.telemetry import logs

MAX_BODY: Final = 4 * 1024 * 1024
"""Bytes of one request: a picture of 2 MB in base64 and room to spare."""
MAX_SILENCE: Final = 300.0
"""Seconds that a call without an answer is held."""
ROBOT: Final = "/cgi-bin/webhook/send"

_log = logs.get("hub.sandbox")


class Sandbox:
    """A vendor's server on this machine, for one process.

    Args:
        clock: tells the time of messages and that of the window; how long ``slow`` and ``timeout`` take is
            always real time. The machine's by default.
        key: the only valid one; None: any is.
    """

    def __init__(self, clock: Clock | None = None, key: str | None = None) -> None:
        self._robot = Robot(clock or SystemClock(), key)
        self._feed = Feed(self._robot)
        self._runner: web.AppRunner | None = None
        self._stopping = asyncio.Event()
        self._host = ""
        self._port = 0

    @property
    def url(self) -> str:
        """Where it listens, such as ``http://127.0.0.1:8788``: a channel's ``base_url``."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    @property
    def messages(self) -> Sequence[Call]:
        """What the group has received, in order: exactly that, also where the sender was not told so."""
        return self._robot.taken

    @property
    def calls(self) -> Sequence[Call]:
        """All calls in order, the refused ones too."""
        return self._robot.calls

    @property
    def faults(self) -> Sequence[Fault]:
        """Those still to come."""
        return self._robot.faults

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Listen; the port. What was received before a ``stop`` is still there.

        Raises:
            PortInUse: somebody else listens there.
            BadConfig: the address can't be used.
        """
        self._stopping = asyncio.Event()
        runner = web.AppRunner(
            self._application(host), handler_cancellation=True, access_log=None, shutdown_timeout=2.0
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            await runner.cleanup()
            if error.errno == errno.EADDRINUSE:
                raise PortInUse(f"Port {port} of {host} is in use; choose another with --port.") from None
            raise BadConfig(f"{host}:{port} is no address to listen on: {error.strerror}.") from None
        self._runner, self._host, self._port = runner, host, runner.addresses[0][1]
        _log.info("sandbox.started", url=self.url)
        return self._port

    async def stop(self) -> None:
        """Close every connection and listen no more. Idempotent."""
        self._stopping.set()
        self._feed.close()
        if self._runner is not None:
            runner, self._runner = self._runner, None
            await runner.cleanup()
            _log.info("sandbox.stopped")

    def fault(
        self,
        kind: FaultKind,
        times: int | None = 1,
        key: str | None = None,
        seconds: float = DEFAULT_SECONDS,
    ) -> None:
        """Make the next ``times`` calls go wrong; None: all until ``clear_faults``. See ``FaultKind``.

        Raises:
            ValueError: a number out of its bounds, or too many faults wait.
        """
        self._robot.add_fault(Fault(kind, times, key, seconds))

    def clear_faults(self) -> None:
        """From now on nothing goes wrong."""
        self._robot.clear_faults()

    def clear_messages(self) -> None:
        """An empty group; the window is empty, too."""
        self._robot.clear_messages()

    def watch(self, watcher: Watcher) -> Callable[[], None]:
        """Call ``watcher`` with each call from now on, and with None when faults or messages were changed by
        hand; what is returned ends that."""
        return self._robot.watch(watcher)

    def _application(self, host: str) -> web.Application:
        application = web.Application(client_max_size=MAX_BODY, middlewares=[_own_pages_only(host)])
        application.router.add_route("*", ROBOT, self._send)
        application.router.add_get("/", self._page)
        application.router.add_get("/messages", self._messages)
        application.router.add_delete("/messages", self._clear_messages)
        application.router.add_get("/stream", self._stream)
        application.router.add_get("/faults", self._faults)
        application.router.add_post("/faults", self._add_fault)
        application.router.add_delete("/faults", self._clear_faults)
        return application

    async def _send(self, request: web.Request) -> web.StreamResponse:
        key, address = request.query.get("key", ""), request.remote or ""
        if request.method != "POST":
            return _whole(self._robot.reject(key, 43002, answers.WORDS[43002], address))
        fault = self._robot.next_fault(key)
        if fault is not None and fault.kind == "refuse":
            self._robot.turn_away(key)
            return _cut(request)
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return _whole(self._robot.reject(key, 45002, answers.WORDS[45002], address))
        return await self._deliver(request, self._robot.receive(key, body, address, fault))

    async def _deliver(self, request: web.Request, answer: Answer) -> web.StreamResponse:
        match answer.manner:
            case "never":
                await self._pause(MAX_SILENCE)
                return _cut(request)
            case "half":
                return await _half(request, answer)
            case "late":
                await self._pause(answer.seconds)
        return _whole(answer)

    async def _pause(self, seconds: float) -> None:
        """Wait so long, or until the sandbox stops."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    async def _page(self, _request: web.Request) -> web.Response:
        html, headers = page()
        return web.Response(body=html, headers=headers)

    async def _messages(self, _request: web.Request) -> web.Response:
        return web.json_response([views.call_record(call) for call in self._robot.taken])

    async def _clear_messages(self, _request: web.Request) -> web.Response:
        self.clear_messages()
        return web.Response(status=204)

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        if self._feed.full:
            return web.json_response({"error": "too many pages follow already"}, status=503)
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}
        )
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            async with contextlib.aclosing(self._feed.events()) as events:
                async for event in events:
                    await response.write(event)
        return response

    async def _faults(self, _request: web.Request) -> web.Response:
        return web.json_response([views.fault_record(fault) for fault in self._robot.faults])

    async def _add_fault(self, request: web.Request) -> web.Response:
        try:
            self._robot.add_fault(views.read_fault(await request.read()))
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response([views.fault_record(fault) for fault in self._robot.faults], status=201)

    async def _clear_faults(self, _request: web.Request) -> web.Response:
        self.clear_faults()
        return web.Response(status=204)


def _own_pages_only(listening: str) -> Middleware:
    """A middleware: other sites' pages, and names that lead here from elsewhere, see and change nothing."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        origin = request.headers.get("Origin")
        foreign = origin is not None and urlsplit(origin).netloc != request.host
        if request.path != ROBOT and (foreign or (_is_loopback(listening) and not _is_address(request.host))):
            return web.json_response({"error": "not for other sites' pages"}, status=403)
        return await handler(request)

    return check


def _is_loopback(host: str) -> bool:
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)


def _is_address(authority: str) -> bool:
    """Whether a ``Host`` names this machine by address, or as localhost: no foreign name can lead there."""
    try:
        host = urlsplit(f"//{authority}").hostname if not _is_ipv6(authority) else authority
        return host == "localhost" or bool(host and ipaddress.ip_address(host))
    except ValueError:
        return False


def _is_ipv6(text: str) -> bool:
    return text.count(":") > 1 and not text.startswith("[")


def _whole(answer: Answer) -> web.Response:
    return web.Response(
        body=answer.body,
        status=answer.status,
        headers={"Content-Type": answer.content_type, **answer.headers},
    )


async def _half(request: web.Request, answer: Answer) -> web.StreamResponse:
    """Announce the whole body, send half of it, hang up."""
    length = str(len(answer.body))
    response = web.StreamResponse(
        status=answer.status,
        headers={"Content-Type": answer.content_type, "Content-Length": length, **answer.headers},
    )
    await response.prepare(request)
    await response.write(answer.body[: len(answer.body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response


def _cut(request: web.Request) -> web.Response:
    """Hang up at once; the response goes nowhere."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
