"""One topic's works within one turn, and how each ends."""

from __future__ import annotations

from collections.abc import Iterable

from hub.engine.document import DocumentBroken
from hub.engine.topics import Topic
from hub.engine.work import Work
from hub.errors import Internal, Refusal
from hub.telemetry.logs import get

log = get("hub.pipeline")

AnyWork = Work[Topic]


def _is_late(place: tuple[int, AnyWork]) -> bool:
    return place[1].late


class Taken:
    """One topic's works of one turn, and how each ended so far."""

    __slots__ = ("broken", "refusals", "topic", "works")

    def __init__(self, topic: Topic, works: list[AnyWork]) -> None:
        self.topic = topic
        self.works = works
        self.refusals: dict[int, Refusal] | None = None
        self.broken = False

    def in_order(self) -> Iterable[tuple[int, AnyWork]]:
        """The works with their places in the queue; late ones after the others."""
        order = enumerate(self.works)
        for work in self.works:
            if work.late:
                return sorted(order, key=_is_late)
        return order

    def refuse_all(self, refusal: Refusal) -> None:
        """Whatever is not refused yet is refused for this reason."""
        for index in range(len(self.works)):
            if self.refusals is None or index not in self.refusals:
                self.refuse(index, refusal)

    def refuse(self, index: int, refusal: Refusal) -> None:
        """The work at that place of the queue is refused."""
        if self.refusals is None:
            self.refusals = {}
        self.refusals[index] = refusal

    def answer(self) -> None:
        """Settle or fail each work, in queue order. Raises nothing."""
        refusals = self.refusals
        for index, work in enumerate(self.works):
            try:
                if refusals is not None and index in refusals:
                    work.fail(refusals[index])
                else:
                    work.settle()
            except DocumentBroken as broken:
                log.error("document.broken", topic=self.topic.name, reason=str(broken))
                self.broken = True
                work.fail(Internal())
            except Exception:
                log.exception("pipeline.answer_failed", topic=self.topic.name, work=type(work).__name__)
