"""Autobahn's WebSocket fuzzing client against an echo on the real listener.

Its groups 1 to 5, 7 and 9: framing, pings, reserved bits and opcodes, fragmentation, the closing handshake,
sizes up to 16 MiB. The hub's messages are binary, so what those cases send as text is sent as binary, and
the echo counts as text. Left out: 6 (UTF-8 in text messages), 10 (how the sender cuts its own frames), 12
and 13 (compression, which the hub does not offer).
It needs a Python 2.7; ``make setup-conformance`` installs it where there is one.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.sockets import harness

FOLDER = Path(__file__).parents[3] / ".venv" / "autobahn"
INTERPRETER = FOLDER / "interpreter"
LARGEST = 16 * 2**20
PATIENCE = 100.0
FUZZER = """
from __future__ import print_function
import site, sys
folder, port, reports, cases = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4:]
site.addsitedir(folder)
from autobahntestsuite import fuzzing
from twisted.internet import reactor
Protocol = fuzzing.FuzzingClientProtocol
send_frame, take = Protocol.sendFrame, Protocol.onMessage
def send_binary(self, opcode, **options):
    self.text_as_binary = getattr(self, "text_as_binary", False) or opcode == 1
    send_frame(self, opcode=2 if opcode == 1 else opcode, **options)
def take_text(self, payload, binary):
    take(self, payload, binary and not getattr(self, "text_as_binary", False))
Protocol.sendFrame, Protocol.onMessage = send_binary, take_text
fuzzing.startClient({
    "servers": [{"url": "ws://127.0.0.1:%d/echo" % port, "agent": "hub"}], "outdir": reports,
    "cases": cases, "exclude-cases": [], "exclude-agent-cases": {},
})
reactor.run()
"""
PASSED = {"OK", "INFORMATIONAL"}
BREAKS_OFF = "7.1.5"
"""A close frame between fragments breaks off a message: 1002, as the library has it, not 1000."""


async def fuzzed(port: int, reports: Path, *cases: str) -> dict[str, dict[str, Any]]:
    """What came of each case."""
    python = INTERPRETER.read_text()
    process = await asyncio.create_subprocess_exec(
        *(python, "-c", FUZZER, str(FOLDER), str(port), str(reports), *cases),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(PATIENCE):
            _, said = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, said.decode()
    ended: dict[str, dict[str, Any]] = json.loads((reports / "index.json").read_text())["hub"]
    return ended


def failed(ended: dict[str, dict[str, Any]], reports: Path) -> dict[str, tuple[str, str]]:
    """How the cases ended that did not pass."""
    return {
        case: (told["behavior"], told["behaviorClose"])
        for case, told in ended.items()
        if not {told["behavior"], told["behaviorClose"]} <= PASSED and not overtaken(told, reports)
    }


def overtaken(told: dict[str, Any], reports: Path) -> bool:
    """Whether everything expected came, only a pong after the message whose end was read together with the
    ping: RFC 6455 5.5.3 sets no order between them, Autobahn does."""
    case = json.loads((reports / told["reportfile"]).read_text())
    came, awaited = sorted(case["received"]), sorted(case["expected"]["OK"])
    return told["behaviorClose"] == "OK" and came == awaited and any(part[0] == "pong" for part in came)


@pytest.mark.skipif(
    not INTERPRETER.exists(),
    reason="Autobahn's fuzzing client is not installed: make setup-conformance, with a Python 2.7",
)
async def test_the_listener_passes_autobahns_cases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(harness, "MAX_BYTES", LARGEST)
    async with harness.running(buffer_bytes=2 * LARGEST) as served:
        rules, sizes = await asyncio.gather(
            fuzzed(served.port, tmp_path / "rules", "1.*", "2.*", "3.*", "4.*", "5.*", "7.*"),
            fuzzed(served.port, tmp_path / "sizes", "9.*"),
        )
    assert len(rules) == 101
    assert len(sizes) == 54
    assert failed(sizes, tmp_path / "sizes") == {}
    assert failed(rules, tmp_path / "rules") == {BREAKS_OFF: ("FAILED", "WRONG CODE")}
