"""What the load reads from servers: streams split anywhere, and updates that a server merged."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import pytest
from pycrdt import Doc, merge_updates

from bench.load.authors import UPDATE, Author
from bench.load.documents import Room, Typist, TypistOf
from bench.load.merged import typed
from bench.load.residence import update_of
from bench.load.socket import Broken, masked
from bench.load.varuint import varstring, varuint
from bench.load.window import Tally
from bench.load.wires import CentrifugeTypist, HocuspocusTypist, NatsTypist


def message_of(update: bytes) -> bytes:
    return UPDATE + varuint(len(update)) + update


def plain(message: bytes) -> bytes:
    return message


def room_of(kind: TypistOf) -> tuple[Typist, Typist, Tally]:
    """Two devices that type in one document; the first has sent its first update."""
    room, tally = Room(2, 2), Tally()
    writer, reader = kind(room, 0, tally), kind(room, 1, tally)
    return writer, reader, tally


class Written(asyncio.Transport):
    """Takes what is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = b""

    def write(self, data: Any) -> None:
        self.sent += bytes(data)


def sends_one(writer: Typist, author: Author) -> bytes:
    """The writer sends its author's next update; the message that arrives elsewhere."""
    writer.transport = Written()
    writer.room.typists[author.id] = writer
    writer._author = author
    writer.write_ahead()
    writer.type_one()
    return writer._frames[writer._next - 1]


async def test_merged_updates_tell_how_far_each_author_came() -> None:
    """A server may send several devices' updates as one; nothing of it may be lost to the count."""
    authors = Author(plain), Author(plain)
    updates = [update_of(message) for author in authors for message in author.typed(5)]

    found = dict(typed(message_of(merge_updates(*updates))))

    assert found == {author.id: 5 for author in authors}


async def test_a_whole_document_in_one_update_is_read_too() -> None:
    author = Author(plain)
    doc: Doc[Any] = Doc()
    for message in author.typed(300):
        doc.apply_update(update_of(message))

    assert dict(typed(message_of(doc.get_update()))) == {author.id: 300}


async def test_hocuspocus_merging_updates_completes_each_of_them() -> None:
    writer, reader, tally = room_of(HocuspocusTypist)
    author = Author(plain)
    first, second = sends_one(writer, author), sends_one(writer, author)
    merged = message_of(merge_updates(update_of(first), update_of(second)))

    reader.received(merged)

    assert (tally.done, tally.outstanding) == (2, 0)


async def test_hocuspocus_refusing_an_update_ends_the_run() -> None:
    writer, _, _ = room_of(HocuspocusTypist)

    with pytest.raises(Broken, match="refused"):
        writer.received(b"\x08\x00")


@pytest.mark.parametrize("size", [1, 7, 1000])
async def test_the_stream_of_nats_may_be_split_anywhere(size: int) -> None:
    writer, reader, tally = room_of(NatsTypist)
    message = sends_one(writer, Author(plain))
    stream = b"INFO {}\r\nMSG document0 1 %d\r\n%b\r\nPONG\r\n" % (len(message), message)

    for place in range(0, len(stream), size):
        reader.received(stream[place : place + size])

    assert tally.done == 1
    assert reader.ready.done()


async def test_pushes_of_centrifuge_are_found_among_other_lines() -> None:
    writer, reader, tally = room_of(CentrifugeTypist)
    data = base64.b64encode(sends_one(writer, Author(plain))).decode()
    push = {"push": {"channel": "document0", "pub": {"data": data}}}
    lines = [b'{"id":2,"subscribe":{}}', json.dumps(push, separators=(",", ":")).encode()]

    reader.text(b"\n".join(lines))

    assert tally.done == 1
    assert reader.ready.done()


async def test_an_author_of_its_own_update_does_not_count_it() -> None:
    writer, _, tally = room_of(CentrifugeTypist)
    message = sends_one(writer, Author(plain))

    writer.received(message)

    assert tally.done == 0


def test_frames_are_masked_and_texts_are_counted_in_bytes() -> None:
    assert masked(b"\x00")[1] == 0x81
    assert varstring("任务") == b"\x06" + "任务".encode()
    assert varuint(300) == b"\xac\x02"
