"""``tongbu.program``: what a program is called in the list of devices."""

from __future__ import annotations

import pytest

from tongbu import program


@pytest.mark.parametrize(
    ("script", "name"),
    [
        ("/srv/jobs/backup.py", "backup.py on worker-1"),
        ("/usr/lib/python3/site-packages/crawler/__main__.py", "crawler on worker-1"),
        ("-c", "worker-1"),
        ("", "worker-1"),
        ("-", "worker-1"),
        ("c", "c on worker-1"),
    ],
)
def test_a_program_is_called_by_its_script_and_machine(script: str, name: str) -> None:
    assert program.named(script, "worker-1") == name


def test_a_long_name_is_cut_to_what_the_hub_takes() -> None:
    assert len(program.named("x" * 300, "worker-1")) == program.MAX_NAME
