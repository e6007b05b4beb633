"""Decisions of the router in the database: which deployment was chosen for a call, why, and what became of it.

No text of a request is kept; where `learn` is on, its embedding is.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from typing import Any, Final

from ..base.errors import Json
from ..storage import Connection, Reader, StorageError, Writer
from .errors import DecisionUnknown, ModelError
from .learned import Outcome, outcomes_of
from .ports import ModelAnswer
from .selection import Demand
from .tries import Tries
from .vectorjson import packed, unpacked

__all__ = ["DecisionLog"]

_COLUMNS: Final = (
    "id", "workspace", "at", "app", "run", "path", "principal", "model", "policy", "reason", "deployment", "error",
    "seconds", "input_tokens", "output_tokens", "usd", "confidence", "score", "demand", "detail", "vector",
)  # fmt: skip
_SHOWN: Final = _COLUMNS[:18]
_INSERT: Final = f"INSERT INTO decisions ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608 constants
_LIST: Final = (
    f"SELECT {', '.join(_SHOWN)}, demand, detail FROM decisions WHERE workspace = ? AND at < ? "  # noqa: S608 constants
    "AND (? IS NULL OR deployment = ?) ORDER BY at DESC, id DESC LIMIT ?"
)
_OUTCOMES: Final = (
    "SELECT deployment, error, score, detail, vector FROM decisions WHERE vector IS NOT NULL ORDER BY at DESC LIMIT ?"
)
_MOST: Final = 20_000
_LATEST: Final = 1 << 62


class DecisionLog:
    """Implements `router.Recorder`.

    Args:
        writer: Writes, together with what else is written at the time.
        reader: Reads.
    """

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader

    def record(self, tries: Tries, answer: ModelAnswer | None, error: ModelError | None, seconds: float) -> None:
        """Keep a call that is over; a database that cannot take it is no reason to lose an answer."""
        try:
            self._writer.stream().append(_INSERT, _row(tries, answer, error, seconds))
        except StorageError:
            return

    async def list(
        self, workspace: str, *, deployment: str | None = None, before: int | None = None, limit: int = 100
    ) -> list[dict[str, Json]]:
        """Return decisions, the latest first.

        Args:
            workspace: Whose.
            deployment: Only those for this deployment.
            before: Only those made before this moment, in milliseconds since 1970.
            limit: How many at the most.
        """
        row = (workspace, _LATEST if before is None else before, deployment, deployment, limit)
        rows = await self._reader.run(lambda connection: connection.execute(_LIST, row).fetchall())
        return [_shown(one) for one in rows]

    async def rate(self, workspace: str, decision: str, score: float) -> None:
        """Say how good the answer was, from 0 to 1.

        Raises:
            DecisionUnknown: There is no such decision in the workspace.
        """

        def change(connection: Connection) -> int:
            sql = "UPDATE decisions SET score = ? WHERE workspace = ? AND id = ?"
            return connection.execute(sql, (score, workspace, decision)).rowcount

        if not await self._writer.call(change):
            raise DecisionUnknown("There is no such decision.", where=decision, fix="See GET /v1/models/decisions.")

    async def outcomes(self) -> Iterable[Outcome]:
        """Return what became of requests whose embedding was kept, oldest first."""
        rows = await self._reader.run(lambda connection: connection.execute(_OUTCOMES, (_MOST,)).fetchall())
        return [outcome for row in reversed(rows) for outcome in _outcomes(*row)]

    async def spent(self, since: int) -> dict[str, dict[str, Json]]:
        """Return calls, failures, tokens and US dollars by deployment, of all workspaces, since a moment."""
        sql = (
            "SELECT deployment, count(*), sum(CASE WHEN error IS NULL THEN 0 ELSE 1 END), "
            "sum(input_tokens + output_tokens), sum(usd) FROM decisions "
            "WHERE at >= ? AND deployment IS NOT NULL GROUP BY 1"
        )
        rows = await self._reader.run(lambda connection: connection.execute(sql, (since,)).fetchall())
        return {
            name: {"calls": int(calls), "failures": int(failed), "tokens": int(tokens), "usd": round(usd, 9)}
            for name, calls, failed, tokens, usd in rows
        }

    async def forget(self, before: int) -> int:
        """Delete the decisions that were made before a moment, in milliseconds since 1970; return how many."""
        sql = "DELETE FROM decisions WHERE at < ?"
        return await self._writer.call(lambda connection: connection.execute(sql, (before,)).rowcount)


def _row(tries: Tries, answer: ModelAnswer | None, error: ModelError | None, seconds: float) -> Sequence[Any]:
    decision = answer.decision if answer else tries.decision(None)
    used = {**tries.wasted}
    for kind in ("input_tokens", "output_tokens", "usd"):
        amount = answer.reply.usage.get(kind) if answer else None
        used[kind] = used.get(kind, 0.0) + (amount if isinstance(amount, int | float) else 0.0)
    caller = tries.caller
    detail = {name: decision[name] for name in ("passed_over", "attempts") if decision.get(name)}
    return (
        tries.id, caller.workspace, int(time.time() * 1000), caller.app, caller.run, caller.path, caller.principal,
        tries.request.model, decision["policy"], decision["reason"], answer.deployment if answer else tries.last,
        error.code if error else None, round(seconds, 6),
        int(used["input_tokens"]), int(used["output_tokens"]), used["usd"],
        answer.reply.confidence if answer else None, None, json.dumps(_demand(tries)),
        json.dumps(detail) if detail else None, packed(tries.vector) if tries.vector is not None else None,
    )  # fmt: skip


def _demand(tries: Tries) -> dict[str, Json]:
    """Return what it takes to choose again under another policy."""
    demand = Demand.of(tries.request)
    need: dict[str, Json] = tries.need.model_dump(exclude_defaults=True)
    return {
        "need": need,
        "caps": [*sorted(demand.caps)],
        "given": demand.given,
        "least": demand.least,
        "answer": demand.answer,
    }


def _shown(row: Sequence[Any]) -> dict[str, Json]:
    found: dict[str, Json] = dict(zip(_SHOWN, row, strict=False))
    return {**found, "demand": json.loads(row[-2]), **(json.loads(row[-1]) if row[-1] else {})}


def _outcomes(
    deployment: str | None, error: str | None, score: float | None, detail: str | None, vector: str
) -> Iterable[Outcome]:
    attempts = json.loads(detail).get("attempts", ()) if detail else ()
    return outcomes_of(unpacked(vector), deployment, error, attempts, score)
