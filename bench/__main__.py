"""``make bench``: the hub beside its peers, in one run. See README.md."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from bench import peers, report
from bench.processes import Cores, Failed
from bench.rows import FULL, QUICK, Bench, Row


def main() -> int:
    arguments = _arguments()
    try:
        return _run(arguments)
    except Failed as failed:
        print(f"bench: {failed}", file=sys.stderr)
        return 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds: under two minutes")
    parser.add_argument("--rows", nargs="+", metavar="ROW", help="only these: documents statements latency …")
    parser.add_argument(
        "--save", action=argparse.BooleanOptionalAction, help="keep the result (default: if not quick)"
    )
    return parser.parse_args()


def _run(arguments: argparse.Namespace) -> int:
    began = time.monotonic()
    cores = Cores.pick()
    bench = Bench(cores, QUICK if arguments.quick else FULL, _peers())
    about = report.environment(cores, bench.peers)
    print(report.header(about), flush=True)
    rows: list[Row] = []
    for row in bench.measure(_names(bench, arguments.rows)):
        rows.append(row)
        print(report.lines(row), flush=True)
    print(report.standing(rows))
    print(f"\n{time.monotonic() - began:.0f} s in all")
    if arguments.save if arguments.save is not None else not arguments.quick:
        print(f"kept in {report.save(about, rows)}")
    return 0


def _names(bench: Bench, asked: Sequence[str] | None) -> Sequence[str]:
    unknown = set(asked or ()) - set(bench.names)
    if unknown:
        raise Failed(f"no such row: {', '.join(sorted(unknown))}; there are {', '.join(bench.names)}")
    return asked or bench.names


def _peers() -> bool:
    try:
        peers.install()
    except peers.Missing as missing:
        print(f"SKIPPED: no peers to compare with, {missing}; the hub is measured alone", flush=True)
        return False
    return True


sys.exit(main())
