"""LangGraph checkpoints through the group-commit writer.

The saver keeps LangGraph's whole contract (its conformance suite passes) and adds one thing: `bind` ties a thread to
the `Stream` of a run, so that the checkpoints of a super-step, the journal and the effect ledger share one
transaction, one order and one fencing check.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias, cast

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    WRITES_IDX_MAP,
    BaseCheckpointSaver,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    get_checkpoint_id,
    get_checkpoint_metadata,
    writes_sort_key,
)
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from ..base.failpoints import reach_durably
from ..storage import Connection, Reader, Stream, Writer

Key: TypeAlias = tuple[str, str, str]
"""Thread, namespace, checkpoint id."""

_KEY: Final = "thread_id, checkpoint_ns, checkpoint_id"
_REST: Final = {
    "checkpoints": "checkpoint_ns, checkpoint_id, parent_id, type, checkpoint, metadata",
    "checkpoint_writes": "checkpoint_ns, checkpoint_id, task_id, idx, task_path, channel, type, value",
}
"""The tables, and their columns but the thread."""

_PUT: Final = (
    f"INSERT INTO checkpoints (thread_id, {_REST['checkpoints']}) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT ({_KEY}) "
    "DO UPDATE SET parent_id = excluded.parent_id, type = excluded.type, checkpoint = excluded.checkpoint, "
    "metadata = excluded.metadata"
)
_PUT_WRITE: Final = (
    f"INSERT INTO checkpoint_writes (thread_id, {_REST['checkpoint_writes']}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) "
    f"ON CONFLICT ({_KEY}, task_id, idx) DO "
)
_PUT_PLAIN: Final = _PUT_WRITE + "NOTHING"
_PUT_SPECIAL: Final = _PUT_WRITE + (
    "UPDATE SET task_path = excluded.task_path, channel = excluded.channel, type = excluded.type, "
    "value = excluded.value"
)
_OWN: Final = frozenset({_PUT, _PUT_SPECIAL, _PUT_PLAIN})
_SELECT: Final = f"SELECT thread_id, {_REST['checkpoints']} FROM checkpoints "
_WRITES: Final = (
    "SELECT task_id, channel, type, value, task_path, idx FROM checkpoint_writes "
    "WHERE thread_id = ? AND checkpoint_ns = ? AND checkpoint_id = ?"
)
_OLDER: Final = (
    " AND checkpoint_id < (SELECT max(checkpoint_id) FROM checkpoints AS latest "
    "WHERE latest.thread_id = {table}.thread_id AND latest.checkpoint_ns = {table}.checkpoint_ns)"
)


@dataclass(slots=True)
class _Binding:
    stream: Stream
    fresh: bool
    lazy: bool
    new: bool
    taken: int

    def stored(self) -> bool:
        """Whether a checkpoint of this thread may have reached the file."""
        return not self.new or self.stream.taken != self.taken


class GroupSaver(BaseCheckpointSaver[int]):
    """A checkpoint saver whose writes ride in the writer's transactions. Asynchronous interface only.

    Args:
        writer: the writer of the database file.
        reader: read-only connections to the same file.
    """

    def __init__(self, writer: Writer, reader: Reader) -> None:
        super().__init__(serde=JsonPlusSerializer(allowed_msgpack_modules=None))
        self._writer = writer
        self._reader = reader
        self._bindings: dict[str, _Binding] = {}

    def bind(self, thread: str, stream: Stream, *, fresh: bool, lazy: bool = False) -> None:
        """Sends all writes of a thread through a run's stream.

        Args:
            thread: thread id, which is the run id.
            stream: the stream of the run's segment.
            fresh: the thread certainly has no checkpoint yet; spares the first query.
            lazy: Do not wait for commits. Only for a caller whose journal alone decides what is finished.
        """
        self._bindings[thread] = _Binding(stream, fresh, lazy, fresh, stream.taken)

    def release(self, thread: str) -> None:
        """Ends `bind`."""
        self._bindings.pop(thread, None)

    def forget(self, thread: str, stream: Stream) -> None:
        """Queues the deletion of a thread on a stream: a finished run needs no checkpoint."""
        binding = self._bindings.get(thread)
        if binding is not None:
            stream.withdraw(_OWN)
            if not binding.stored():
                return
        for table in _REST:
            stream.execute(f"DELETE FROM {table} WHERE thread_id = ?", (thread,))

    def with_allowlist(self, extra_allowlist: Collection[tuple[str, ...]]) -> GroupSaver:
        """Allows nothing more: the state is JSON."""
        return self

    # -- writing ---------------------------------------------------------------------------------------------------

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        thread, ns = _thread(config), _configurable(config).get("checkpoint_ns", "")
        stream, lazy = self._stream(thread)
        kind, blob = self.serde.dumps_typed(checkpoint)
        known = json.dumps(get_checkpoint_metadata(config, metadata))
        stream.append(_PUT, (thread, ns, checkpoint["id"], get_checkpoint_id(config), kind, blob, known))
        if not lazy:
            await stream.commit()
        await reach_durably("after_checkpoint", stream.commit)
        return _config((thread, ns, checkpoint["id"]))

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        configurable = _configurable(config)
        thread, ns, checkpoint = _thread(config), configurable.get("checkpoint_ns", ""), configurable["checkpoint_id"]
        stream, lazy = self._stream(thread)
        sql = _PUT_SPECIAL if all(channel in WRITES_IDX_MAP for channel, _ in writes) else _PUT_PLAIN
        for position, (channel, value) in enumerate(writes):
            kind, blob = self.serde.dumps_typed(value)
            idx = WRITES_IDX_MAP.get(channel, position)
            stream.append(sql, (thread, ns, checkpoint, task_id, idx, task_path, channel, kind, blob))
        if not lazy:
            await stream.commit()

    async def adelete_thread(self, thread_id: str) -> None:
        stream = self._writer.stream()
        self.forget(str(thread_id), stream)
        await stream.commit()

    async def adelete_for_runs(self, run_ids: Sequence[str]) -> None:
        def delete(connection: Connection) -> None:
            rows = connection.execute(f"SELECT {_KEY}, metadata FROM checkpoints").fetchall()
            keys = [(*key,) for *key, known in rows if json.loads(known).get("run_id") in run_ids]
            for table in _REST:
                where = "thread_id = ? AND checkpoint_ns = ? AND checkpoint_id = ?"
                connection.executemany(f"DELETE FROM {table} WHERE {where}", keys)

        await self._writer.call(delete)

    async def acopy_thread(self, source_thread_id: str, target_thread_id: str) -> None:
        def copy(connection: Connection) -> None:
            for table, rest in _REST.items():
                connection.execute(f"DELETE FROM {table} WHERE thread_id = ?", (target_thread_id,))
                connection.execute(
                    f"INSERT INTO {table} (thread_id, {rest}) SELECT ?, {rest} FROM {table} WHERE thread_id = ?",
                    (target_thread_id, source_thread_id),
                )

        await self._writer.call(copy)

    async def aprune(
        self, thread_ids: Sequence[str], *, strategy: Literal["keep_latest", "delete"] | str = "keep_latest"
    ) -> None:
        if strategy not in ("keep_latest", "delete"):
            raise ValueError(f"unknown strategy: {strategy}")
        older = "" if strategy == "delete" else _OLDER

        def prune(connection: Connection) -> None:
            for thread in thread_ids:
                for table in reversed(_REST):
                    connection.execute(f"DELETE FROM {table} WHERE thread_id = ?{older.format(table=table)}", (thread,))

        await self._writer.call(prune)

    # -- reading ---------------------------------------------------------------------------------------------------

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        thread, ns = _thread(config), _configurable(config).get("checkpoint_ns", "")
        wanted = get_checkpoint_id(config)
        binding = self._bindings.get(thread)
        if binding is not None:
            if binding.fresh and wanted is None and not ns:
                binding.fresh = False
                return None
            await binding.stream.commit()

        def read(connection: Connection) -> CheckpointTuple | None:
            condition, params = "WHERE thread_id = ? AND checkpoint_ns = ? ", [thread, ns]
            if wanted is not None:
                condition, params = condition + "AND checkpoint_id = ?", [*params, wanted]
            row = connection.execute(_SELECT + condition + "ORDER BY checkpoint_id DESC LIMIT 1", params).fetchone()
            return None if row is None else self._load(connection, row)

        return await self._reader.run(read)

    async def alist(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:
        where, params = _where(config, before)
        if config is not None and (binding := self._bindings.get(_thread(config))) is not None:
            await binding.stream.commit()

        def read(connection: Connection) -> list[CheckpointTuple]:
            rows = connection.execute(f"{_SELECT}{where} ORDER BY checkpoint_id DESC", params).fetchall()
            kept = [row for row in rows if _fits(row[-1], filter)] if filter else rows
            return [self._load(connection, row) for row in kept[:limit]]

        for found in await self._reader.run(read):
            yield found

    def _load(self, connection: Connection, row: tuple[str, str, str, str | None, str, bytes, str]) -> CheckpointTuple:
        thread, ns, checkpoint, parent, kind, blob, metadata = row
        writes = connection.execute(_WRITES, (thread, ns, checkpoint)).fetchall()
        writes.sort(key=lambda write: writes_sort_key(write[4], write[0], write[5]))
        return CheckpointTuple(
            _config((thread, ns, checkpoint)),
            self.serde.loads_typed((kind, blob)),
            cast(CheckpointMetadata, json.loads(metadata)),
            _config((thread, ns, parent)) if parent else None,
            [(task, channel, self.serde.loads_typed((type_, value))) for task, channel, type_, value, _, _ in writes],
        )

    def _stream(self, thread: str) -> tuple[Stream, bool]:
        binding = self._bindings.get(thread)
        return (self._writer.stream(), False) if binding is None else (binding.stream, binding.lazy)


def _configurable(config: RunnableConfig) -> dict[str, Any]:
    return config.get("configurable", {})


def _thread(config: RunnableConfig) -> str:
    return str(_configurable(config)["thread_id"])


def _config(key: Key) -> RunnableConfig:
    return {"configurable": {"thread_id": key[0], "checkpoint_ns": key[1], "checkpoint_id": key[2]}}


def _fits(metadata: str, wanted: dict[str, Any]) -> bool:
    known = json.loads(metadata)
    return all(known.get(name) == value for name, value in wanted.items())


def _where(config: RunnableConfig | None, before: RunnableConfig | None) -> tuple[str, list[Any]]:
    terms: list[tuple[str, Any]] = []
    if config is not None:
        configurable = _configurable(config)
        terms += [
            (f"{name} = ?", configurable[name]) for name in ("thread_id", "checkpoint_ns") if name in configurable
        ]
        if wanted := get_checkpoint_id(config):
            terms.append(("checkpoint_id = ?", wanted))
    if before is not None:
        terms.append(("checkpoint_id < ?", get_checkpoint_id(before)))
    return ("WHERE " + " AND ".join(term for term, _ in terms) if terms else ""), [value for _, value in terms]
