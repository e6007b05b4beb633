"""Effects of which nobody but a person can say whether they happened."""

from __future__ import annotations

from collections.abc import Sequence

from ..base.errors import Json
from ..storage import Connection
from . import runs
from .errors import EffectNotOpen
from .journal import Journal

__all__ = ["effects_of", "find_doubt", "settle"]


def effects_of(connection: Connection, run: str) -> list[dict[str, Json]]:
    """Return the effects of a run: `{effect, path, tool, class, state, at}`, the oldest first.

    The state is `intent` (begun), `done`, `failed` (nothing came of it) or `doubt` (a person has to say).
    """
    rows = connection.execute(
        "SELECT key, path, tool, class, state, at FROM effects WHERE run = ? ORDER BY at, key", (run,)
    )
    return [
        {"effect": key, "path": path, "tool": tool, "class": kind, "state": state, "at": at}
        for key, path, tool, kind, state, at in rows
    ]


def find_doubt(effects: Sequence[dict[str, Json]], run: str, effect: str) -> dict[str, Json]:
    """Return the effect in doubt that a key names.

    Raises:
        EffectNotOpen: There is no such effect, or it is in no doubt.
    """
    open_ones = [one for one in effects if one["state"] == "doubt"]
    for one in open_ones:
        if one["effect"] == effect:
            return one
    listed = ", ".join(str(one["effect"]) for one in open_ones)
    fix = f"In doubt: {listed}." if listed else "None of the run's effects is in doubt."
    raise EffectNotOpen(f"The effect {effect!r} is not in doubt.", where=run, fix=fix)


def settle(journal: Journal, effect: dict[str, Json], record: dict[str, Json] | None, *, by: str | None) -> None:
    """Write what a person says about an effect: with what record of its call it happened, or that it did not."""
    done = record is not None
    key, state = str(effect["effect"]), "done" if done else "failed"
    journal.stream.execute(
        "UPDATE effects SET state = ?, at = ? WHERE run = ? AND key = ?", (state, runs.now(), journal.run, key)
    )
    data: dict[str, Json] = {"effect": key, "tool": effect["tool"], "done": done, "record": record, "by": by}
    event = journal.emit("effect.settled", str(effect["path"]), data)
    journal.memory.absorb(event)
