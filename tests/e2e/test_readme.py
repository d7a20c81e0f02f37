"""The README's five minutes, as a reader would type them, against the installed command."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
HUB = Path(sys.executable).with_name("hub")

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A hub on a free port, run like ``make run`` does."""
    command = [str(HUB), "serve", "--dev", "--port", "0", "--data", str(tmp_path / "data")]
    with (tmp_path / "log").open("wb") as log:
        hub = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        assert hub.stdout is not None
        try:
            ready, _, url = hub.stdout.readline().strip().partition(" ")
            assert ready == "ready", (tmp_path / "log").read_text()
            yield url
        finally:
            hub.send_signal(signal.SIGTERM)
            rest, _ = hub.communicate(timeout=20)
    assert hub.returncode == 0
    assert rest == ""


def example(page: str, url: str, data: Path) -> str:
    """The page's shell blocks as one script, for this hub instead of the default one."""
    blocks = re.findall(r"^```sh\n(.*?)^```", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)
    script = "\n".join(block for block in blocks if "make run" not in block)
    assert "http://127.0.0.1:8787" in script
    return (
        script.replace("http://127.0.0.1:8787", url)
        .replace(".venv/bin/hub token", f"{HUB} token --data {data}")
        .replace("kill %1", "kill %1; wait")
    )


@pytest.mark.parametrize("page", ["README.md", "docs/zh/README.md"])
def test_five_minutes_with_curl_go_as_the_readme_says(page: str, url: str, tmp_path: Path) -> None:
    script = example(page, url, tmp_path / "data")
    done = subprocess.run(["bash", "-euc", script], capture_output=True, text=True, timeout=30)
    assert "curl:" not in done.stderr
    assert done.returncode == 0
    answers = answers_in(done.stdout)
    assert answers[0]["id"] == "disk-1"
    assert [answer["read"] for answer in answers[:2]] == [False, True]
    assert [answer["status"] for answer in answers[2:5]] == ["queued", "running", "succeeded"]
    assert answers[4]["final"]["status"] == "succeeded"
    assert [item["id"] for item in answers[5]["items"]] == ["build-7"]
    assert answers[6] == {"unread": 0, "unseen": 0, "open": 0}


def answers_in(output: str) -> list[dict[str, Any]]:
    """Every JSON object but the stream's; the stream's lines may follow in the same line."""
    decoder = json.JSONDecoder()
    return [decoder.raw_decode(line)[0] for line in output.splitlines() if line.startswith("{")]
