"""What leaves by which way: channels, routes, and the jobs that are done meanwhile.

A job's tag names its style and its channels, and there is one route for each tag. So from its tag alone it is
known which deliveries each of a job's events must have.
"""

from __future__ import annotations

import base64
import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Final, Literal

from hub.model import Json

TEAM: Final = ("ann", "bob", "eve")
"""Members of the space."""
SPACE: Final = "space/team"
ROBOTS: Final = tuple(f"robot{number:02}" for number in range(12))
HOOKS: Final = ("hook0", "hook1")
SECRET: Final = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes....").decode()
KEY: Final = "canary-of-robot-"
"""What every robot's key begins with; its end, four digits, tells it from the others."""

Style = Literal["plain", "each", "later", "both", "quiet"]
STYLES: Final[tuple[Style, ...]] = ("plain", "each", "later", "both", "quiet")
WORDS: Final = "{title} ({attempt}) {status}\n{text}"
TEMPLATES: Final[dict[Style, str]] = {"each": "{user}: " + WORDS}
"""Without the user in them, the words for several members of a space are the same."""
UNLESS: Final = ("read", "archived", "deleted")
DELAY: Final = 0.3
"""Seconds."""

ROBOT_BUDGET: Final = 4
"""Messages that one life of the hub is given for a robot: it sends five at once, then one in four seconds."""
HOOK_BUDGET: Final = 40
RECENT: Final = 25
"""Jobs of a topic that something is done with."""


def key_of(robot: str) -> str:
    """The end of a robot's key, by which the sandbox tells who called."""
    return f"{ROBOTS.index(robot):04}"


def users_of(topic: str) -> tuple[str, ...]:
    """For whom an event of a topic is."""
    return TEAM if topic == SPACE else (topic.removeprefix("inbox/"),)


def configuration(sandbox_url: str, hook_url: str) -> str:
    """Channels and routes, as a config file has them."""
    lines = []
    for robot in ROBOTS:
        lines += [f"[channels.{robot}]", 'kind = "wecom_robot"', f'key = "{KEY}{key_of(robot)}"']
        lines += [f'base_url = "{sandbox_url}"', ""]
    for hook in HOOKS:
        lines += [f"[channels.{hook}]", 'kind = "webhook"', f'base_url = "{hook_url}/{hook}"']
        lines += [f'secret = "{SECRET}"', ""]
    for tag, channels in _tags().items():
        style = style_of(tag)
        lines += ["[[routes]]", f'name = "{tag}"', f'match = {{ tags = ["{tag}"] }}']
        lines += [
            f"channels = {list(channels)}",
            f"template = {TEMPLATES.get(style, WORDS)!r}".replace("'", '"'),
        ]
        if style == "later":
            lines += [f"delay = {DELAY}", f"unless = {list(UNLESS)}"]
        lines.append("")
    return "\n".join(lines)


def style_of(tag: str) -> Style:
    """The style that a tag names."""
    return next(style for style in STYLES if tag.startswith(style))


def _tags() -> dict[str, tuple[str, ...]]:
    """By tag: the channels of its route."""
    tags: dict[str, tuple[str, ...]] = {}
    for style in ("plain", "each", "later"):
        tags |= {f"{style}-{channel}": (channel,) for channel in (*ROBOTS, *HOOKS)}
    for number, robot in enumerate(ROBOTS):
        tags[f"both-{robot}"] = (robot, HOOKS[number % len(HOOKS)])
    return tags


TAGS: Final = _tags()
QUIET: Final = "quiet"
"""A tag without a route."""


@dataclass
class Job:
    """One item: a task or a notification. ``ends``: the attempts that somebody may end.

    One that is ``long`` is told in several parts; it is tried once and told to all alike, for of its second
    part nobody could say which attempt or member it is for.
    """

    item: str
    topic: str
    kind: str
    tag: str
    long: bool
    ends: set[int] = field(default_factory=set)

    @property
    def channels(self) -> tuple[str, ...]:
        return TAGS.get(self.tag, ())

    @property
    def expected(self) -> list[tuple[str, str]]:
        """Channel and user of each delivery that each event of it must have."""
        return sorted((channel, user) for channel in self.channels for user in users_of(self.topic))

    @property
    def record(self) -> dict[str, Json]:
        """As it is created."""
        made: dict[str, Json] = {"kind": self.kind, "title": f"Job {self.item}", "tags": [self.tag]}
        return made | ({"body": f"{self.item} 很长 " * 300} if self.long else {})


class Jobs:
    """All jobs, and how much may be sent until the next kill."""

    def __init__(self, chance: random.Random) -> None:
        self.by_item: dict[str, Job] = {}
        self._chance = chance
        self._by_topic: defaultdict[str, list[Job]] = defaultdict(list)
        self._spent: Counter[str] = Counter()

    def new_life(self) -> None:
        """The hub was killed: its buckets will be full again."""
        self._spent.clear()

    def make(self, topic: str, kind: str) -> Job:
        """A new one. A notification is sent as it is created, so it takes its part of the budget now."""
        item = f"job-{len(self.by_item):05}"
        tag = self._chance.choice((*TAGS, QUIET))
        is_alike = kind == "task" and style_of(tag) != "each"
        job = Job(item, topic, kind, tag, long=is_alike and self._chance.random() < 0.05)
        if kind == "notification" and not self._spend(job):
            job.tag = QUIET
        self.by_item[item] = job
        if kind == "task":
            self._by_topic[topic].append(job)
        return job

    def recent(self, topic: str) -> Job | None:
        """One of the last tasks of a topic."""
        return self._chance.choice(self._by_topic[topic][-RECENT:] or [None])

    def may_end(self, job: Job, attempt: int) -> bool:
        """Whether what would be sent is within the budget; an end that was stated before costs nothing."""
        if attempt not in job.ends:
            if not self._spend(job):
                return False
            job.ends.add(attempt)
        return True

    def _spend(self, job: Job) -> bool:
        cost = Counter(channel for channel, _ in job.expected)
        if any(self._spent[name] + each > _budget(name) for name, each in cost.items()):
            return False
        self._spent.update(cost)
        return True


def _budget(channel: str) -> int:
    return ROBOT_BUDGET if channel in ROBOTS else HOOK_BUDGET
