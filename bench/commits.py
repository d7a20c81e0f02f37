"""Bare SQLite commits, for comparison: how long this disk takes for what every acknowledgement waits for.

``python -m bench.commits FOLDER COUNT``, the folder empty, prints each latency in seconds as a JSON list.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from pathlib import Path
from time import perf_counter

_ROW_BYTES = 200


def commits(folder: Path, count: int) -> list[float]:
    """Commit one row at a time into a new file in the folder, as the hub does: WAL, ``synchronous=FULL``."""
    latencies = []
    connection = sqlite3.connect(folder / "bare.sqlite3", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE rows (number INTEGER PRIMARY KEY, body BLOB)")
    for number in range(count):
        began = perf_counter()
        connection.execute("INSERT INTO rows VALUES (?, ?)", (number, bytes(_ROW_BYTES)))
        latencies.append(perf_counter() - began)
    connection.close()
    return latencies


if __name__ == "__main__":
    print(json.dumps(commits(Path(sys.argv[1]), int(sys.argv[2]))))
