"""Checks of single values, shared by records and fields.

Each raises ``errors.BadValue`` with a sentence that names what is wrong. A bool is never a number, text is
always encodable as UTF-8, integers are those JavaScript holds exactly, lengths of text count code points.
"""

from __future__ import annotations

import re
from math import isfinite
from typing import Any, Final

from hub.errors import BadValue
from hub.state.names import MAX_NAME, is_name

MAX_INTEGER: Final = 2**53 - 1
MAX_TITLE: Final = 500
MAX_BODY: Final = 64 * 1024
"""Bytes of UTF-8."""
MAX_NOTE: Final = 2_000
MAX_PRIORITY: Final = 9
MAX_DEPTH: Final = 16
"""Arrays and objects within each other in a record's ``data``."""


_holds_control = re.compile(r"[\x00-\x1f\x7f]").search
_holds_other_control = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]").search


def check_text(name: str, value: object, most: int, least: int = 0) -> None:
    """``value`` is text of ``least`` to ``most`` code points."""
    if not isinstance(value, str):
        raise BadValue(f"{name} is text")
    if not least <= len(value) <= most:
        raise BadValue(f"{name} is {least} to {most} characters long")
    check_unicode(name, value)


def check_unicode(name: str, text: str) -> None:
    """``text`` holds no lone surrogates."""
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BadValue(f"{name} is not valid Unicode") from None


def check_line(name: str, value: object, most: int, least: int = 0) -> None:
    """``value`` is text for one line: no line breaks and no other control characters, which terminals and
    messages would take for commands."""
    check_text(name, value, most, least)
    if _holds_control(str(value)) is not None:
        raise BadValue(f"{name} holds no control characters")


def check_prose(name: str, value: object, most: int) -> None:
    """``value`` is text of several lines: tabs and line breaks, no other control characters."""
    check_text(name, value, most)
    if _holds_other_control(str(value)) is not None:
        raise BadValue(f"{name} holds no control characters but tabs and line breaks")


def check_bool(name: str, value: object) -> None:
    """``value`` is true or false."""
    if value is not True and value is not False:
        raise BadValue(f"{name} is true or false")


def check_title(name: str, value: object) -> None:
    """``value`` is a title: 1 to 500 characters."""
    check_line(name, value, MAX_TITLE, least=1)


def check_body(name: str, value: object) -> None:
    """``value`` is text of at most 64 KiB of UTF-8."""
    if not isinstance(value, str):
        raise BadValue(f"{name} is text")
    check_unicode(name, value)
    if len(value.encode()) > MAX_BODY:
        raise BadValue(f"{name} is at most {MAX_BODY} bytes of UTF-8 long")
    check_prose(name, value, MAX_BODY)


def check_integer(name: str, value: object, most: int, least: int = 0) -> None:
    """``value`` is an integer from ``least`` to ``most``."""
    if type(value) is not int or not least <= value <= most:
        raise BadValue(f"{name} is an integer from {least} to {most}")


def check_order(name: str, value: object) -> None:
    """``value`` is an item's order."""
    check_integer(name, value, MAX_INTEGER)


def check_time(name: str, value: object) -> None:
    """``value`` is a time in ms since 1970, or null."""
    if value is not None and (type(value) is not int or not 0 <= value <= MAX_INTEGER):
        raise BadValue(f"{name} is a time in milliseconds since 1970, or null")


def check_priority(name: str, value: object) -> None:
    """``value`` is 0 to 9, or null."""
    if value is not None and (type(value) is not int or not 0 <= value <= MAX_PRIORITY):
        raise BadValue(f"{name} is an integer from 0 to {MAX_PRIORITY}, or null")


def check_assignee(name: str, value: object) -> None:
    """``value`` is a name, or null."""
    if value is not None and not is_name(value):
        raise BadValue(f"{name} is 1 to {MAX_NAME} of A-Z a-z 0-9 _ . ~ @ -, or null")


def check_fraction(name: str, value: object) -> None:
    """``value`` is a number from 0 to 1."""
    if type(value) not in (int, float) or not 0 <= value <= 1:  # type: ignore[operator]  # a number by now
        raise BadValue(f"{name} is a number from 0 to 1")


def check_json(name: str, value: Any, depth: int = MAX_DEPTH) -> None:
    """``value`` is JSON that every language holds alike, at most ``depth`` arrays or objects deep."""
    if value is None or value is True or value is False:
        return
    sort = type(value)
    if sort is str:
        check_unicode(name, value)
    elif sort is int:
        check_integer(f"an integer in {name}", value, MAX_INTEGER, -MAX_INTEGER)
    elif sort is float:
        if not isfinite(value):
            raise BadValue(f"{name} holds a number that is not finite")
    elif sort is dict or sort is list:
        _check_container(name, value, depth)
    else:
        raise BadValue(f"{name} holds something that is not JSON")


def _check_container(name: str, value: Any, depth: int) -> None:
    if depth == 0:
        raise BadValue(f"{name} is nested more than {MAX_DEPTH} deep")
    if type(value) is list:
        for each in value:
            check_json(name, each, depth - 1)
        return
    for key, each in value.items():
        if type(key) is not str:
            raise BadValue(f"{name} has a key that is not text")
        check_unicode(name, key)
        check_json(name, each, depth - 1)
