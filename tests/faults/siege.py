"""A siege: workers are killed again and again, at named places or at any moment, and nothing may be lost or done twice.

`python -m tests.faults.siege --kills 200 --seed 7` prints one JSON report; exit code 1 when an invariant does not hold.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import select
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from runtime.base.failpoints import NAMES
from runtime.storage import Connection

from .jobs import SHAPES, Job, apps, expected, steps
from .worker import Site, spawn
from .world import ask, serve

__all__ = ["Report", "besiege", "check", "check_orphans", "world"]

LIFE = 0.35
"""Seconds within which a worker is killed that is killed at any moment."""

PATIENCE = 60.0


@dataclass(slots=True)
class Report:
    """What a siege has shown.

    Args:
        seed: What its choices were made from.
        kills: How many workers were killed.
        jobs: How many jobs were accepted.
        points: How often each named place was the last that a worker came to.
        problems: Invariants that do not hold, in words.
        duplicates: Effects that happened more than once.
    """

    seed: int
    kills: int = 0
    jobs: int = 0
    points: dict[str, int] = field(default_factory=dict[str, int])
    problems: list[str] = field(default_factory=list[str])
    duplicates: list[str] = field(default_factory=list[str])


def besiege(
    kills: int, seed: int, *, ledger: bool = True, points: tuple[str, ...] = NAMES, moments: bool = True
) -> Report:
    """Kill workers a number of times, let a last one finish in peace, and look at what there is.

    Args:
        kills: How many workers are killed.
        seed: What the choices are made from.
        ledger: Whether effects go through the ledger; a control run without it must show duplicates.
        points: Named places to kill at.
        moments: Whether to kill at any moment, too.
    """
    report = Report(seed)
    choose = random.Random(seed)  # noqa: S311 no secret hangs on it
    with tempfile.TemporaryDirectory() as folder, world(Path(folder) / "world") as socket:
        site = Site(Path(folder) / "home", socket, apps(ledger=ledger), ledger)
        accepted: dict[str, Job] = {}
        open_jobs: list[Job] = []
        while report.kills < kills:
            shape = choose.choice([*SHAPES])
            open_jobs.append(Job(f"j{report.jobs}", shape))
            report.jobs += 1
            at_point = not moments or choose.random() < 0.6
            point = (choose.choice(points), choose.randint(1, 3)) if at_point else None
            after = None if point else choose.uniform(0.0, LIFE)
            said, killed = _let_work(site, open_jobs, point=point, after=after)
            _note(report, accepted, open_jobs, said)
            if killed:
                report.kills += 1
                name = point[0] if point else "any moment"
                report.points[name] = report.points.get(name, 0) + 1
            if "done" in said:
                open_jobs.clear()
        said, _ = _let_work(site, open_jobs)
        _note(report, accepted, open_jobs, said)
        if "done" not in said:
            report.problems.append("the last worker did not finish")
        done = asyncio.run(ask(socket, {"op": "report"}))
        with _database(report, site.home / "baigong.db") as connection:
            check(report, connection, [*accepted.values()], done)
        check_orphans(report)
    return report


@contextmanager
def world(socket: Path) -> Iterator[Path]:
    """Keep a world while the block runs."""
    process = serve(socket)
    try:
        yield socket
    finally:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)


def _let_work(
    site: Site, jobs: list[Job], *, point: tuple[str, int] | None = None, after: float | None = None
) -> tuple[list[str], bool]:
    """Let a worker work until it is done, is killed after some seconds, or kills itself; return what it said."""
    reading, writing = os.pipe()
    worker = spawn(site, jobs, writing, point=point)
    os.close(writing)
    text, ends = b"", time.monotonic() + (PATIENCE if after is None else after)
    while True:
        left = ends - time.monotonic()
        ready, _, _ = select.select([reading], [], [], max(left, 0.0))
        if not ready:
            os.kill(worker, signal.SIGKILL)
            break
        piece = os.read(reading, 65_536)
        if not piece:
            break
        text += piece
    _, status = os.waitpid(worker, 0)
    os.close(reading)
    return text.decode().splitlines(), os.WIFSIGNALED(status)


def _note(report: Report, accepted: dict[str, Job], jobs: list[Job], said: list[str]) -> None:
    named = {job.name: job for job in jobs}
    for line in said:
        word, _, name = line.partition(" ")
        if word == "accepted":
            accepted[name] = named[name]


@contextmanager
def _database(report: Report, path: Path) -> Iterator[Connection]:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        integrity = connection.execute("PRAGMA integrity_check").fetchone()[0]
        if integrity != "ok":
            report.problems.append(f"the database says {integrity}")
        yield connection
    finally:
        connection.close()


def check(report: Report, connection: Connection, jobs: list[Job], done: dict[str, int]) -> None:
    """Look whether every job has one run that ended well, and whether the world was changed once for each step."""
    for job in jobs:
        _check_job(report, connection, job)
    wanted = {f"{job.name}/{step}" for job in jobs for step in steps(job)}
    for effect in sorted(wanted - done.keys()):
        report.problems.append(f"{effect} never happened")
    for effect in sorted(done.keys() - wanted):
        report.problems.append(f"{effect} happened and should not have")
    report.duplicates = sorted(effect for effect, times in done.items() if times > 1)
    report.problems += [f"{effect} happened {done[effect]} times" for effect in report.duplicates]


def _check_job(report: Report, connection: Connection, job: Job) -> None:
    rows = connection.execute(
        "SELECT runs.id, status, outputs, error FROM runs JOIN idempotency ON run = runs.id WHERE key = ?", (job.name,)
    ).fetchall()
    if len(rows) != 1:
        report.problems.append(f"{job.name} has {len(rows)} runs")
        return
    run, status, outputs, error = rows[0]
    if status != "ended" or json.loads(outputs) != {"n": expected(job)}:
        report.problems.append(f"{job.name} ({job.shape}) is {status} with {outputs}, not {expected(job)}: {error}")
    events = connection.execute("SELECT seq, type FROM events WHERE run = ? ORDER BY seq", (run,)).fetchall()
    if [seq for seq, _ in events] != list(range(1, len(events) + 1)):
        report.problems.append(f"the events of {job.name} have gaps")
    if [kind for _, kind in events].count("run.ended") != 1 or events[-1][1] != "run.ended":
        report.problems.append(f"the events of {job.name} do not end once")


def check_orphans(report: Report) -> None:
    """Only the world is left of all processes that were started."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii").split()
    if len(children) != 1:
        report.problems.append(f"{len(children) - 1} processes are left over")


def main() -> int:
    """Run a siege from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--no-ledger", action="store_true")
    parser.add_argument("--point", action="append")
    given = parser.parse_args()
    seed = given.seed if given.seed is not None else random.SystemRandom().randrange(1 << 31)
    print(f"seed {seed}", file=sys.stderr, flush=True)  # noqa: T201 for whoever wants to repeat it
    points = tuple(given.point) if given.point else NAMES
    report = besiege(given.kills, seed, ledger=not given.no_ledger, points=points, moments=not given.point)
    shown = {name: getattr(report, name) for name in Report.__slots__}
    print(json.dumps(shown, indent=2))  # noqa: T201 the report
    return 1 if report.problems else 0


if __name__ == "__main__":
    sys.exit(main())
