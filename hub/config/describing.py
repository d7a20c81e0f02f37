"""What a setting's type allows, in words, and where in the file a value that breaks it stands."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec


def place_of(error: msgspec.ValidationError) -> tuple[str, str]:
    """Key and index within its list, from msgspec's ``… - at `$.server.origins[0]```."""
    found = re.search(r"`\$\.([^`\[]+)(\[[^`]*\])?`$", str(error))
    return (found[1], found[2] or "") if found else ("", "")


def allowed(section: type[msgspec.Struct], key: str, index: str = "") -> str:
    """What the type of a setting allows.

    Args:
        section: where the key starts.
        key: dotted, ``server.port``; empty for the section itself.
        index: ``[0]`` where an element of a list is meant.
    """
    kind = msgspec.inspect.type_info(section)
    for name in key.split(".") if key else ():
        assert isinstance(kind, msgspec.inspect.StructType)
        kind = next(field.type for field in kind.fields if field.encode_name == name)
    return _described(_element(kind) if index else kind)


def listed(names: Iterable[str]) -> str:
    """The names one after the other."""
    return ", ".join(names)


def _element(kind: msgspec.inspect.Type) -> msgspec.inspect.Type:
    match kind:
        case msgspec.inspect.VarTupleType():
            return kind.item_type
        case msgspec.inspect.UnionType():
            return _element(_list_in(kind) or kind.types[0])
        case _:
            return kind


def _list_in(kind: msgspec.inspect.UnionType) -> msgspec.inspect.VarTupleType | None:
    return next((each for each in kind.types if isinstance(each, msgspec.inspect.VarTupleType)), None)


def _described(kind: msgspec.inspect.Type) -> str:
    match kind:
        case msgspec.inspect.Metadata(extra={"allowed": words}):
            return str(words)
        case msgspec.inspect.BoolType():
            return "true or false"
        case msgspec.inspect.IntType():
            return f"a whole number from {kind.ge} to {kind.le}"
        case msgspec.inspect.FloatType():
            return f"a number from {kind.ge} to {kind.le}"
        case msgspec.inspect.LiteralType():
            return f"one of {listed(map(str, kind.values))}"
        case msgspec.inspect.VarTupleType():
            return _described_list(kind)
        case msgspec.inspect.UnionType():
            several = _list_in(kind)
            return _described(kind.types[0]) + (f", or {_described_list(several)}" if several else "")
        case msgspec.inspect.StructType():
            return "a section such as [server]"
        case msgspec.inspect.StrType(max_length=int(most)):
            return f"a text that is not empty, of at most {most} characters"
        case _:
            return "a text that is not empty"


def _described_list(kind: msgspec.inspect.VarTupleType) -> str:
    least, most = kind.min_length, kind.max_length
    size = f" of {least or 0} to {most}" if most is not None else ""
    return f"a list{size}, each element {_described(kind.item_type)}"
