"""Counters of a server in the Prometheus text format (version 0.0.4)."""

from __future__ import annotations

import resource
import time
from collections import Counter
from collections.abc import Iterable, Mapping

__all__ = ["Metrics"]


class Metrics:
    """Counts requests; the route is a route's pattern, never a path with somebody's data."""

    def __init__(self) -> None:
        self._started = time.time()
        self._requests: Counter[tuple[str, str, int]] = Counter()
        self._seconds: Counter[tuple[str, str]] = Counter()

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answered request."""
        self._requests[method, route, status] += 1
        self._seconds[method, route] += seconds  # pyright: ignore[reportArgumentType] a Counter adds floats as well

    def text(self, runs: Mapping[str, int], *, working: int, queued: int) -> str:
        """Return everything that is counted, with the runs by status, those at work and those that wait for a place."""
        lines = [
            *_metric("baigong_requests_total", "counter", "Answered requests.", _requests(self._requests)),
            *_metric(
                "baigong_request_seconds_total",
                "counter",
                "Time from a request to the head of its answer.",
                [(f'method="{method}",route="{route}"', value) for (method, route), value in self._seconds.items()],
            ),
            *_metric("baigong_runs", "gauge", "Runs by status.", [(f'status="{key}"', n) for key, n in runs.items()]),
            *_metric("baigong_runs_at_work", "gauge", "Runs that hold a place.", [("", working)]),
            *_metric("baigong_runs_queued", "gauge", "Runs that wait for a place.", [("", queued)]),
            *_metric("baigong_start_time_seconds", "gauge", "When the server started.", [("", self._started)]),
            *_metric("baigong_memory_peak_bytes", "gauge", "Largest resident memory of this process.", [("", _peak())]),
        ]
        return "\n".join(lines) + "\n"


def _requests(counted: Mapping[tuple[str, str, int], int]) -> list[tuple[str, float]]:
    return [
        (f'method="{method}",route="{route}",status="{status}"', value)
        for (method, route, status), value in counted.items()
    ]


def _metric(name: str, kind: str, about: str, samples: Iterable[tuple[str, float]]) -> list[str]:
    head = [f"# HELP {name} {about}", f"# TYPE {name} {kind}"]
    return head + [f"{name}{{{labels}}} {value}" if labels else f"{name} {value}" for labels, value in samples]


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
