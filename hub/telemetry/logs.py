"""Structured logs on stderr: dotted event names with fields; JSON lines, or colours on a terminal.

``get("engine").info("engine.turn_saved", statements=3)``. Everything, the libraries' own messages
(uvicorn, Litestar, asyncio) included, passes ``mask`` before it is written: tokens, keys and passwords
never reach a log, not even inside an address or a traceback. ``configure`` takes a guard that every text
passes as well: numbers, and so ids and ports that are numbers, stay as they are.
"""

from __future__ import annotations

import contextlib
import logging
import re
import sys
from collections.abc import Callable, Mapping
from typing import Final, Literal, TextIO, cast

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

Level = Literal["debug", "info", "warning", "error"]
Guard = Callable[[str], str]
"""A text without what must not be kept; never raises."""

MASK: Final = "***"
MAX_TEXT: Final = 8192
"""Longer texts lose their middle, in characters."""
MAX_DEPTH: Final = 6
"""Fields nested deeper are not shown."""

_LEADING: Final = ("timestamp", "level", "event", "component")
_SECRET_NAME: Final = re.compile(r"(?i)(?:token|secret|password|authorization|cookie|api_?key|signature)$")
_SECRET_TEXT: Final = re.compile(
    r"""(?x)
      \b ey[A-Z][\w-]{8,} (?: \. [\w-]* )+                       # a JSON Web Token: {" or {space in base64
    | (?i: (?P<scheme> \b (?: bearer | basic ) \s+ ) [^\s"',;]{6,} )
    | (?i: (?P<pair> (?: token | key | secret | password | sign | signature )
                     (?: = | ["'] \s* : \s* ["'] ) ) [^\s"'&,;\#<>)\]}]+ )
    """
)


def get(name: str) -> FilteringBoundLogger:
    """A logger whose lines carry ``component=name``. May be made before ``configure``."""
    return cast(FilteringBoundLogger, structlog.get_logger(component=name))


def configure(level: Level = "info", stream: TextIO | None = None, *, guard: Guard | None = None) -> None:
    """Send the hub's logs from ``level`` on, and the libraries' from warnings on, to ``stream`` (stderr).

    May be called again: the last call stands, for loggers not used yet. A stream that can't be
    written loses lines and stops nothing.

    Args:
        level: the least important lines to write.
        stream: where to.
        guard: what every text passes besides ``mask``: fields, names of fields' parts, tracebacks.
    """
    out = _Output(stream if stream is not None else sys.stderr)
    last = _last(out, _masking(guard))
    number = logging.getLevelNamesMapping()[level.upper()]
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *_first()],
        )
    )
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[handler], force=True)
    structlog.configure(
        processors=[*_first(), *last],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(out),  # type: ignore[arg-type]  # the same
        cache_logger_on_first_use=True,
    )


def mask(text: str, guard: Guard | None = None) -> str:
    """The text without what looks like a token, key or password, and not endlessly long."""
    text = _SECRET_TEXT.sub(lambda found: (found["scheme"] or found["pair"] or "") + MASK, text)
    if guard is not None:
        text = guard(text)
    half = MAX_TEXT // 2
    return text if len(text) <= MAX_TEXT else f"{text[:half]} … {text[-half:]}"


class _Output:
    """A stream whose failure is not the hub's."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()

    def isatty(self) -> bool:
        return self._stream.isatty()


def _first() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]


def _last(out: _Output, masking: Processor) -> list[Processor]:
    """Tracebacks become text before masking, so that nothing is rendered after it."""
    return [structlog.processors.format_exc_info, masking, _renderer(out)]


def _masking(guard: Guard | None) -> Processor:
    """``mask`` for every field, the event and its traceback; what matters first."""

    def masking(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        names = [name for name in _LEADING if name in event]
        names += [name for name in event if name not in _LEADING]
        return {name: _masked(name, event[name], 0, guard) for name in names}

    return masking


def _renderer(out: _Output) -> Processor:
    if out.isatty():
        return structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    return structlog.processors.JSONRenderer(ensure_ascii=False)


def _masked(name: str, value: object, depth: int, guard: Guard | None) -> object:
    match value:
        case None | bool() | int() | float():
            return value
        case _ if _SECRET_NAME.search(name):
            return MASK
        case str():
            return mask(value, guard)
        case bytes() | bytearray() | memoryview():
            return f"<{len(value)} bytes>"
        case _ if depth == MAX_DEPTH:
            return "…"
        case Mapping():
            return {
                mask(str(key), guard): _masked(str(key), part, depth + 1, guard)
                for key, part in value.items()
            }
        case list() | tuple() | set() | frozenset():
            return [_masked(name, part, depth + 1, guard) for part in value]
        case _:
            return mask(str(value), guard)
