"""How a command that talks to a hub fails: one sentence on stderr, and an exit code.

==== ==========================================================
code meaning
==== ==========================================================
0    done
1    the hub refused, or a part of what was asked failed
2    wrong options or settings
3    no hub answers
==== ==========================================================
"""

from __future__ import annotations

from typing import ClassVar

from hub.errors import HubError


class CommandFailed(HubError):
    """The hub refused."""

    exit_code: ClassVar[int] = 1


class WrongOptions(CommandFailed):
    """The options contradict each other."""

    exit_code = 2


class HubUnreachable(CommandFailed):
    """No hub answers."""

    exit_code = 3
    retry = True


class HubFailing(CommandFailed):
    """The hub can't answer right now."""

    retry = True
