"""Work orders of the simulated plant, in one JSON file; the same idempotency key gives the same order."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from typing_extensions import TypedDict

__all__ = ["Orders", "WorkOrder"]


class WorkOrder(TypedDict):
    """A work order; `opened` is ISO 8601 in UTC."""

    id: str
    equipment: str
    title: str
    description: str
    status: str
    opened: str
    simulated: bool


class _Kept(TypedDict):
    key: str | None
    order: WorkOrder


@dataclass(slots=True)
class Orders:
    """The orders in a folder. One process owns the folder; its threads take turns."""

    folder: Path
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def open(self, equipment: str, title: str, description: str, key: str | None) -> WorkOrder:
        """Open an order, or return the one that this key has opened before."""
        with self._lock:
            kept = self._read()
            for one in kept:
                if key is not None and one["key"] == key:
                    return one["order"]
            order = WorkOrder(
                id=f"WO-{len(kept) + 1:05d}",
                equipment=equipment,
                title=title,
                description=description,
                status="open",
                opened=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                simulated=True,
            )
            self._write([*kept, {"key": key, "order": order}])
            return order

    @property
    def _path(self) -> Path:
        return self.folder / "orders.json"

    def _read(self) -> list[_Kept]:
        return json.loads(self._path.read_text(encoding="utf-8")) if self._path.is_file() else []

    def _write(self, kept: list[_Kept]) -> None:
        """Replace the file as a whole, so that a crash leaves the old or the new one."""
        self.folder.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".tmp")
        with fresh.open("w", encoding="utf-8") as stream:
            json.dump(kept, stream, ensure_ascii=False, indent=1)
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(self._path)
