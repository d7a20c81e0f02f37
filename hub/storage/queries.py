"""Named queries: SQL lives in ``sql/*.sql``, each query with a name and a description.

A file is a sequence of::

    -- name: put_topic
    -- A topic as the folding pass leaves it; its floor never falls.
    INSERT INTO …;
"""

from __future__ import annotations

import re
from importlib import resources

_HEADING = re.compile(r"^-- name: *(\S+) *$", re.MULTILINE)
_SQL = resources.files("hub.storage") / "sql"


def load_queries(subject: str) -> dict[str, str]:
    """The queries of ``sql/<subject>.sql`` by name, without their comments.

    Raises:
        ValueError: a name comes twice, or a query has no description or no text.
    """
    parts = _HEADING.split((_SQL / f"{subject}.sql").read_text("utf-8"))
    queries: dict[str, str] = {}
    for name, text in zip(parts[1::2], parts[2::2], strict=True):
        lines = text.strip().splitlines()
        statement = "\n".join(line for line in lines if not line.startswith("--"))
        if name in queries or not statement or not lines[0].startswith("--"):
            raise ValueError(f"{subject}.sql: {name} comes twice or lacks its description or text")
        queries[name] = statement
    return queries


def load_migrations() -> list[str]:
    """The scripts ``sql/migrations/<number>_<what>.sql`` in order; the first leads to version 1.

    Raises:
        ValueError: the numbers are not 1, 2, 3 …
    """
    files = sorted((_SQL / "migrations").iterdir(), key=lambda file: file.name)
    scripts = [file for file in files if file.name.endswith(".sql")]
    for version, file in enumerate(scripts, start=1):
        if not file.name.startswith(f"{version:04}_"):
            raise ValueError(f"migrations: {file.name} is not number {version}")
    return [file.read_text("utf-8") for file in scripts]
