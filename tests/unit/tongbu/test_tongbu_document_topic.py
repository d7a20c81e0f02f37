"""A document's edits on their way: merged, filled up after a gap, given up with a refusal."""

from __future__ import annotations

from typing import Any

from pycrdt import Doc, Text

import tongbu
from hub.protocol.native_device import No
from tongbu.document_topic import DocumentTopic
from tongbu.store import Batch
from tongbu.topics import Limits


class Scene:
    def __init__(self, *updates: bytes, incarnation: int = 7) -> None:
        self.numbers = 0
        self.told: list[tongbu.RefusedStatement] = []
        self.topic = DocumentTopic("doc/d", incarnation, 1, updates, [], self.edited)

    def edited(self, topic: DocumentTopic, update: bytes) -> int:
        self.numbers += 1
        return self.numbers

    def write(self, text: str) -> None:
        self.topic.doc.get("text", type=Text).insert(0, text)

    def push(self, message: int = 2**20) -> Any:
        return self.topic.next_push(Limits(message=message), self.told.append, Batch())

    def refuse(self, code: str, vector: bytes | None = None) -> Batch:
        batch = Batch()
        self.told += self.topic.refused(No(1, code, "words", None, None, vector), batch)
        return batch

    @property
    def text(self) -> str:
        return str(self.topic.doc.get("text", type=Text))


def text_of(*updates: bytes) -> str:
    doc: Doc[Any] = Doc()
    for update in updates:
        doc.apply_update(update)
    return str(doc.get("text", type=Text))


def stored(batch: Batch, incarnation: int) -> DocumentTopic:
    """The document as another process finds it after this batch."""
    updates: list[bytes] = []
    edits: dict[int, bytes] = {}
    for query, rows in batch.steps:
        for row in rows:
            if query == "clear_updates":
                updates.clear()
            elif query == "put_update":
                updates.append(row[1])
            elif query == "drop_edit":
                edits.pop(row[0], None)
            elif query == "put_edit":
                edits[row[0]] = row[2]
    return DocumentTopic("doc/d", incarnation, 1, updates, edits.items(), lambda topic, update: 0)


def content(text: str) -> bytes:
    doc: Doc[Any] = Doc()
    doc.get("text", type=Text).insert(0, text)
    update: bytes = doc.get_update()
    return update


def test_edits_leave_as_one_update_and_what_comes_is_no_edit() -> None:
    scene = Scene()
    for letter in "cba":
        scene.write(letter)
    assert text_of(scene.push()) == "abc"
    scene.topic.settle(2, Batch())
    assert scene.push() is None
    scene.topic.bring([content("x")], 3, False, False, Batch())
    assert scene.push() is None


def test_a_push_holds_at_most_a_message() -> None:
    scene = Scene()
    for _ in range(20):
        scene.write("x" * 100)
    whole = b""
    pushed = []
    while (whole := scene.push(1024) or b"") != b"":
        assert len(whole) <= 1024
        pushed.append(whole)
        scene.topic.settle(2, Batch())
    assert len(pushed) > 1
    assert text_of(*pushed) == "x" * 2000


def test_what_was_not_answered_is_pushed_again() -> None:
    scene = Scene()
    scene.write("a")
    first = scene.push()
    scene.topic.lost()
    assert scene.push() == first


def test_a_gap_is_filled_once_with_all_that_the_hub_lacks() -> None:
    known = content("known")
    scene = Scene(known)
    scene.write("new ")
    scene.push()
    empty: bytes = Doc().get_state()
    batch = scene.refuse("gap", empty)
    assert [query for query, _ in batch.steps] == ["drop_edit", "put_edit"]
    assert text_of(scene.push()) == "new known"
    scene.refuse("gap", empty)
    assert [each.code for each in scene.told] == ["gap"]
    assert scene.push() is None


def test_a_refused_edit_is_given_up_with_the_doc_that_holds_it() -> None:
    scene = Scene(content("known"))
    told: list[bool] = []
    scene.topic.watches.append(told.append)
    old = scene.topic.doc
    scene.write("refused ")
    scene.push()
    scene.refuse("refused")
    assert [(each.topic, each.field, each.code) for each in scene.told] == [("doc/d", "update", "refused")]
    assert scene.topic.doc is not old
    assert told == [True]
    assert (scene.topic.behind, scene.topic.incarnation, scene.topic.seq) == (True, 0, 0)
    scene.topic.bring([content("known")], 4, True, False, Batch())
    assert scene.text == "known"


def test_a_replaced_history_keeps_the_unsent_edits() -> None:
    scene = Scene(content("old"))
    scene.topic.doc.get("other", type=Text).insert(0, "unsent")
    scene.topic.bring([content("new")], 1, True, True, Batch())
    assert scene.text == "new"
    assert str(scene.topic.doc.get("other", type=Text)) == "unsent"
    assert scene.push() is not None


def test_edits_on_content_that_the_hub_lost_bring_it_back_at_once_as_a_saved_edit() -> None:
    scene = Scene(content("lost"))
    scene.write("un")
    scene.write("a")
    batch = Batch()
    scene.topic.bring([content("new ")], 1, True, True, batch)
    assert sorted(scene.text) == sorted("new aunlost")
    again = stored(batch, incarnation=8)
    assert str(again.doc.get("text", type=Text)) == scene.text
    brought = scene.push()
    assert again.next_push(Limits(), scene.told.append, Batch()) == brought
    assert text_of(brought) == "aunlost"
    scene.topic.settle(2, Batch())
    assert scene.push() is None


def test_what_is_written_between_another_history_and_its_gap_is_said() -> None:
    scene = Scene(content("lost"))
    scene.write("un")
    scene.topic.bring([content("new ")], 1, True, True, Batch())
    scene.write("later ")
    scene.push()
    scene.refuse("gap", Doc().get_state())
    assert scene.told == []
    assert sorted(text_of(scene.push())) == sorted("later new unlost")


def test_a_removal_from_content_that_the_hub_lost_brings_the_rest_of_it_back() -> None:
    scene = Scene(content("lost"))
    text = scene.topic.doc.get("text", type=Text)
    del text[1:3]
    scene.topic.bring([content("new ")], 1, True, True, Batch())
    assert sorted(scene.text) == sorted("new lt")
    assert sorted(text_of(content("new "), scene.push())) == sorted("new lt")


def test_a_removal_from_content_that_the_hub_still_has_brings_nothing_back() -> None:
    known = content("known")
    scene = Scene(known, content("lost"))
    scene.topic.doc.get("other", type=Text).insert(0, "gone")
    del scene.topic.doc.get("other", type=Text)[0:4]
    first = scene.text.index("k")
    del scene.topic.doc.get("text", type=Text)[first : first + 1]
    scene.topic.bring([known], 1, True, True, Batch())
    assert scene.text == "nown"


def test_an_answer_to_less_than_what_waits_by_now_leaves_that_waiting() -> None:
    scene = Scene(content("lost"))
    scene.topic.doc.get("other", type=Text).insert(0, "first")
    assert scene.push() is not None
    scene.write("un")
    scene.topic.bring([content("new ")], 1, True, True, Batch())
    scene.topic.settle(2, Batch())
    assert sorted(text_of(scene.push())) == sorted("unlost")


def test_an_edit_larger_than_a_message_is_given_up() -> None:
    scene = Scene()
    scene.write("x" * 5000)
    assert scene.push(1024) is None
    assert [each.code for each in scene.told] == ["too_big"]
    assert scene.topic.oldest() is None
