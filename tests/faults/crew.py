"""A siege of several workers that share a PostgreSQL database: while some are killed, the others go on.

`python -m tests.faults.crew --kills 100 --seed 7` prints one JSON report; exit code 1 when an invariant does not hold.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import select
import signal
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from runtime.base.failpoints import NAMES
from runtime.storage.postgres import PostgresServer

from ..postgres import postgres
from .jobs import SHAPES, Job, apps
from .siege import Report, check, check_orphans, world
from .worker import Site, spawn
from .world import ask

__all__ = ["besiege"]

WORKERS = 3
LIFE = 2.0
"""Seconds within which a worker is killed that is killed at any moment."""

OPENING = 2.0
"""Seconds in which a worker opens the queue."""

PATIENCE = 90.0
"""Seconds in which the last worker must have finished everything."""


@dataclass(slots=True)
class Member:
    """A worker: its process, what it says, the jobs that it was given, and when it is to be killed."""

    process: int
    pipe: int
    jobs: list[Job]
    ends: float
    text: bytes = b""


@dataclass(slots=True)
class Crew:
    """The workers of a siege, each with a home of its own, and what is to be done."""

    report: Report
    choose: random.Random
    folder: Path
    socket: Path
    url: str
    queue: bool
    members: dict[int, Member] = field(default_factory=dict[int, Member])
    accepted: dict[str, Job] = field(default_factory=dict[str, Job])
    waiting: list[Job] = field(default_factory=list[Job])

    def hire(self, place: int) -> None:
        """Start a worker that is killed at a named place, at some moment, or not at all."""
        while len(self.waiting) < 2:
            self.waiting.append(Job(f"j{self.report.jobs}", self.choose.choice([*SHAPES])))
            self.report.jobs += 1
        jobs, self.waiting = self.waiting, []
        fate = self.choose.random()
        point = (self.choose.choice(NAMES), self.choose.randint(1, 3)) if fate < 0.5 else None
        ends = self.choose.uniform(0.0, LIFE) + (OPENING if self.queue else 0) if 0.5 <= fate < 0.85 else PATIENCE
        self._start(place, jobs, point, ends)

    def _start(self, place: int, jobs: list[Job], point: tuple[str, int] | None, seconds: float) -> None:
        reading, writing = os.pipe()
        site = Site(self.folder / f"home{place}", self.socket, apps(ledger=True), url=self.url, queue=self.queue)
        process = spawn(site, jobs, writing, point=point)
        os.close(writing)
        self.members[place] = Member(process, reading, jobs, time.monotonic() + seconds)

    def look(self) -> None:
        """Hear what the workers say, kill those whose time has come, and part with those that are gone."""
        pipes = {member.pipe: place for place, member in self.members.items()}
        ready, _, _ = select.select([*pipes], [], [], 0.02)
        gone = [place for place in map(pipes.__getitem__, ready) if not self._hear(self.members[place])]
        for place, member in self.members.items():
            if place not in gone and time.monotonic() > member.ends:
                os.kill(member.process, signal.SIGKILL)
                gone.append(place)
        for place in gone:
            self._part(self.members.pop(place))

    def _hear(self, member: Member) -> bool:
        piece = os.read(member.pipe, 65_536)
        member.text += piece
        return bool(piece)

    def _part(self, member: Member) -> None:
        _, status = os.waitpid(member.process, 0)
        os.close(member.pipe)
        self.report.kills += os.WIFSIGNALED(status)
        if os.WIFEXITED(status) and os.WEXITSTATUS(status):
            self.report.problems.append(f"a worker ended with {os.WEXITSTATUS(status)}")
        said = [line.partition(" ") for line in member.text.decode().splitlines()]
        names = {name for word, _, name in said if word == "accepted"}
        self.accepted |= {job.name: job for job in member.jobs if job.name in names}
        self.waiting += [job for job in member.jobs if job.name not in names]

    def finish(self) -> None:
        """Let a last worker see everything to its end."""
        while self.members:
            self.look()
        self.accepted |= {job.name: job for job in self.waiting}
        self._start(WORKERS, [*self.accepted.values()], None, PATIENCE)
        last = self.members[WORKERS]
        while self.members:
            self.look()
        if b"done\n" not in last.text:
            self.report.problems.append("the last worker did not finish")


def besiege(kills: int, seed: int, *, queue: bool = False) -> Report:
    """Kill workers a number of times while others are at work, let a last one finish, and look at what there is.

    Args:
        kills: How many workers are killed.
        seed: What the choices are made from.
        queue: Whether jobs are put into a queue, from which any worker takes them.
    """
    report = Report(seed)
    choose = random.Random(seed)  # noqa: S311 no secret hangs on it
    with (
        postgres() as url,
        tempfile.TemporaryDirectory() as folder,
        world(Path(folder) / "world") as socket,
    ):
        crew = Crew(report, choose, Path(folder), socket, url, queue)
        while report.kills < kills:
            for place in range(WORKERS):
                if place not in crew.members:
                    crew.hire(place)
            crew.look()
        crew.finish()
        done = asyncio.run(ask(socket, {"op": "report"}))
        session = PostgresServer(url).reader()
        session.begin()
        check(report, session.connection, [*crew.accepted.values()], done)
        session.close()
        check_orphans(report)
    return report


def main() -> int:
    """Run a siege from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--queue", action="store_true", help="put jobs into a queue")
    given = parser.parse_args()
    seed = given.seed if given.seed is not None else random.SystemRandom().randrange(1 << 31)
    print(f"seed {seed}", file=sys.stderr, flush=True)  # noqa: T201 for whoever wants to repeat it
    report = besiege(given.kills, seed, queue=given.queue)
    shown = {name: getattr(report, name) for name in Report.__slots__}
    print(json.dumps(shown, indent=2))  # noqa: T201 the report
    return 1 if report.problems else 0


if __name__ == "__main__":
    sys.exit(main())
