"""``make bench``: the hub beside its peers, in one run. See README.md."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Collection, Mapping, Sequence

from bench import peers, report
from bench.interruption import INTERRUPTION
from bench.processes import Cores, Failed
from bench.row import FULL, QUICK, Row
from bench.rows import MEASUREMENTS, ON_REQUEST, Step, asked_for, measured, peers_of, steps
from bench.stand import Stand


def main() -> int:
    arguments = _arguments()
    INTERRUPTION.watch()
    try:
        return _run(arguments)
    except Failed as failed:
        print(f"bench: {failed}", file=sys.stderr)
        return 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--quick",
        action="store_true",
        help="only what has a budget, shorter and smaller: under four minutes instead of 25",
    )
    listed = " ".join(name for name in MEASUREMENTS if name not in ON_REQUEST)
    parser.add_argument(
        "--rows",
        nargs="+",
        metavar="ROW",
        choices=MEASUREMENTS,
        help=f"these of: {listed}; only if named here: {' '.join(ON_REQUEST)} (ten minutes)",
    )
    parser.add_argument(
        "--save", action=argparse.BooleanOptionalAction, help="keep the result (default: if not quick)"
    )
    parser.add_argument("--setup", action="store_true", help="set the peers up, measure nothing")
    return parser.parse_args()


def _run(arguments: argparse.Namespace) -> int:
    names = arguments.rows or asked_for(arguments.quick)
    present, versions = _peers(names)
    if arguments.setup:
        return 0
    began = time.monotonic()
    cores = Cores.pick()
    stand = Stand(cores, QUICK if arguments.quick else FULL, present)
    about = report.environment(cores, versions, arguments.quick)
    print(report.header(about), flush=True)
    rows: list[Row] = []
    planned = steps(names, arguments.quick)
    for step in planned:
        print(_progress(step, len(planned)), flush=True)
        for row in measured(step, stand):
            rows.append(row)
            print(report.lines(row), flush=True)
    print(report.standing(rows))
    print(f"\n{time.monotonic() - began:.0f} s in all")
    if arguments.save if arguments.save is not None else not arguments.quick:
        print(f"kept in {report.save(about, rows)}")
    return 1 if any(row.failure for row in rows) else 0


def _progress(step: Step, steps: int) -> str:
    minutes = max(1, round(step.ahead / 60))
    return f"[{step.number} of {steps}; about {minutes} min to go] {' and '.join(step.names)} …"


def _peers(rows: Sequence[str]) -> tuple[Collection[str], Mapping[str, str]]:
    """Those of the rows that can be run here, and the versions of what they are made of."""
    kits: dict[peers.KitName, bool] = {}
    versions: dict[str, str] = {}
    present = []
    for name in peers_of(rows):
        peer = peers.PEERS[name]
        if peer.kit not in kits:
            found = _kit(peer.kit)
            kits[peer.kit] = found is not None
            versions.update(found or {})
        if not kits[peer.kit] or not peer.is_there():
            print(f"SKIPPED: {name} is not there to compare with", file=sys.stderr, flush=True)
        else:
            present.append(name)
    return present, versions


def _kit(name: peers.KitName) -> Mapping[str, str] | None:
    try:
        return peers.install(name)
    except peers.Missing as missing:
        print(f"SKIPPED: the peers of {name}: {missing}", file=sys.stderr, flush=True)
        return None


sys.exit(main())
