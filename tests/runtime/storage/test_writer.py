from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from pathlib import Path
from typing import Any, cast

import pytest

from runtime.storage import Connection, Fenced, StorageFull, StreamLost, Writer
from runtime.storage.errors import StorageError, WriterClosed
from runtime.storage.sqlite import SqliteFile

from .conftest import SCHEMA, until
from .programs import COUNT, FILL, start

pytestmark = pytest.mark.anyio
INSERT = "INSERT INTO t VALUES (?, ?)"


def rows(writer: Writer, table: str = "t") -> list[tuple[Any, ...]]:
    """What another process would see."""
    with contextlib.closing(sqlite3.connect(writer.backend.where)) as connection:
        return connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()  # noqa: S608


async def limit_pages(writer: Writer, extra: int) -> sqlite3.Connection:
    """Let the file grow by a few pages only; return the writer's connection, to lift the limit with."""

    def limit(connection: Connection) -> sqlite3.Connection:
        assert isinstance(connection, sqlite3.Connection)
        (count,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count={count + extra}")
        return connection

    return await writer.call(limit)


async def test_many_streams_share_one_transaction(writer: Writer) -> None:
    streams = [writer.stream() for _ in range(20)]
    for index, stream in enumerate(streams):
        stream.append(INSERT, (index, "x"))
    await asyncio.gather(*(stream.commit() for stream in streams))
    assert (writer.stats.batches, writer.stats.units, writer.stats.rows) == (1, 20, 20)
    assert len(rows(writer)) == 20


async def test_a_commit_carries_everything_queued_before_by_anyone(writer: Writer) -> None:
    quiet, loud = writer.stream(), writer.stream()
    quiet.append(INSERT, (1, "parent"))
    loud.append(INSERT, (2, "child"))
    await loud.commit()
    assert rows(writer) == [(1, "parent"), (2, "child")]


async def test_writes_of_a_stream_keep_their_order_across_batches(writer: Writer) -> None:
    stream = writer.stream()
    stream.append(INSERT, (1, ""))
    futures: list[asyncio.Future[None]] = []
    for letter in "abcdefghij":
        stream.execute("UPDATE t SET v = v || ?", (letter,))
        futures.append(stream.commit())
        await asyncio.sleep(0)
    await asyncio.gather(*futures)
    assert rows(writer) == [(1, "abcdefghij")]
    assert writer.stats.batches > 1


@pytest.mark.parametrize("ask", [False, True])
async def test_what_nobody_waits_for_is_written_too(writer: Writer, ask: bool) -> None:
    stream = writer.stream()
    stream.append(INSERT, (1, "x"))
    if ask:
        stream.flush()
    await until(lambda: rows(writer) == [(1, "x")])


async def test_a_failure_hits_only_its_stream(writer: Writer) -> None:
    good, bad, late = writer.stream(), writer.stream(), writer.stream()
    good.append(INSERT, (1, "x"))
    bad.append(INSERT, (2, "y"))
    bad.execute("INSERT INTO t VALUES (1, 'clash')")
    late.append(INSERT, (3, "z"))
    results = await asyncio.gather(good.commit(), bad.commit(), late.commit(), return_exceptions=True)
    assert results[0] is None
    assert results[2] is None
    assert isinstance(results[1], StreamLost)
    assert rows(writer) == [(1, "x"), (3, "z")]
    with pytest.raises(StreamLost, match="UNIQUE"):
        bad.append(INSERT, (4, "later"))


@pytest.mark.parametrize("row", [(2, "\ud800"), (2**63, "x"), (2,), (2, object())])
async def test_a_row_that_cannot_be_stored_fails_its_stream_only(writer: Writer, row: tuple[Any, ...]) -> None:
    good, bad = writer.stream(), writer.stream()
    good.append(INSERT, (1, "x"))
    bad.append(INSERT, row)
    results = await asyncio.gather(good.commit(), bad.commit(), return_exceptions=True)
    assert [type(result) for result in results] == [type(None), StreamLost]
    assert rows(writer) == [(1, "x")]


async def test_what_a_lost_stream_queued_meanwhile_is_not_applied(writer: Writer) -> None:
    bad = writer.stream()
    bad.append(INSERT, (1, "x"))
    bad.append(INSERT, (1, "clash"))
    first = bad.commit()
    await asyncio.sleep(0)
    assert bad.taken == 1
    bad.append(INSERT, (2, "gap"))
    results = await asyncio.gather(first, bad.commit(), return_exceptions=True)
    assert [type(result) for result in results] == [StreamLost, StreamLost]
    assert rows(writer) == []


async def test_a_stream_whose_guard_no_longer_holds_is_fenced(writer: Writer) -> None:
    admin = writer.stream()
    admin.append("INSERT INTO owners VALUES ('r', 1)", ())
    await admin.commit()
    old = writer.stream(("SELECT 1 FROM owners WHERE id = ? AND fence = ?", ("r", 1)))
    old.append(INSERT, (1, "x"))
    await old.commit()
    admin.execute("UPDATE owners SET fence = 2")
    old.append(INSERT, (2, "zombie"))
    results = await asyncio.gather(admin.commit(), old.commit(), return_exceptions=True)
    assert results[0] is None
    assert isinstance(results[1], Fenced)
    assert rows(writer) == [(1, "x")]


async def test_notes_come_after_the_commit_in_order_and_never_after_a_failure(writer: Writer) -> None:
    seen: list[tuple[Any, ...]] = []
    good = writer.stream(None, lambda notes: seen.append((*notes, len(rows(writer)))))
    bad = writer.stream(None, lambda notes: seen.append(("wrong", *notes)))
    for stream in (good, bad):
        stream.append(INSERT, (1, "x"))
        stream.note("a")
        stream.note("b")
    results = await asyncio.gather(good.commit(), bad.commit(), return_exceptions=True)
    assert isinstance(results[1], StreamLost)
    assert seen == [("a", "b", 1)]


async def test_a_failing_listener_harms_nobody(writer: Writer) -> None:
    reported: list[object] = []
    writer.loop.set_exception_handler(lambda _, context: reported.append(context.get("exception")))
    fault = ValueError("listener")

    def fail(_: list[Any]) -> None:
        raise fault

    bad, good = writer.stream(None, fail), writer.stream()
    bad.append(INSERT, (1, "x"))
    bad.note("a")
    good.append(INSERT, (2, "y"))
    await asyncio.wait_for(asyncio.gather(bad.commit(), good.commit()), 5)
    writer.loop.set_exception_handler(None)
    assert reported == [fault]


async def test_withdrawn_appends_are_not_written(writer: Writer) -> None:
    stream = writer.stream()
    stream.append(INSERT, (1, "x"))
    stream.append("INSERT INTO owners VALUES (?, ?)", ("r", 1))
    stream.withdraw({INSERT})
    await stream.commit()
    assert (rows(writer), rows(writer, "owners")) == ([], [("r", 1)])


async def test_power_flushes_once_and_switches_back(writer: Writer) -> None:
    modes: list[str] = []
    await writer.call(lambda connection: cast("sqlite3.Connection", connection).set_trace_callback(modes.append))
    stream = writer.stream()
    stream.append(INSERT, (1, "x"))
    await stream.commit(power=True)
    assert [sql for sql in modes if "synchronous" in sql] == ["PRAGMA synchronous=FULL", "PRAGMA synchronous=NORMAL"]


async def test_a_call_runs_after_what_is_queued_and_returns_its_value(writer: Writer) -> None:
    writer.stream().append(INSERT, (1, "x"))
    assert await writer.call(lambda connection: connection.execute("SELECT v FROM t").fetchone()) == ("x",)


async def test_a_failing_call_is_rolled_back_and_tells_its_caller(writer: Writer) -> None:
    def twice(connection: Connection) -> None:
        connection.execute(INSERT, (1, "x"))
        connection.execute(INSERT, (1, "y"))

    with pytest.raises(sqlite3.IntegrityError):
        await writer.call(twice)
    assert rows(writer) == []


async def test_a_lock_is_waited_out_without_blocking_the_loop(writer: Writer) -> None:
    other = sqlite3.connect(writer.backend.where, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    stream = writer.stream()
    stream.append(INSERT, (1, "x"))
    future = stream.commit()
    started, turns = time.monotonic(), 0
    while time.monotonic() - started < 0.3:
        await asyncio.sleep(0.005)
        turns += 1
    assert turns > 20
    assert not future.done()
    other.execute("ROLLBACK")
    other.close()
    await future
    assert rows(writer) == [(1, "x")]


async def test_a_full_disk_is_waited_out_in_order(writer: Writer) -> None:
    connection = await limit_pages(writer, 4)
    stream = writer.stream()
    for index in range(200):
        stream.append(INSERT, (index, "x" * 500))
    future = stream.commit()
    await until(lambda: writer.stalled)
    stream.append(INSERT, (1000, "later"))
    later = stream.commit()
    assert not future.done()
    connection.execute("PRAGMA max_page_count=100000")
    await asyncio.gather(future, later)
    assert len(rows(writer)) == 201
    assert writer.stalled is None


async def test_a_disk_that_stays_full_fails_with_a_code_and_writing_recovers(tmp_path: Path) -> None:
    writer = Writer(SqliteFile(tmp_path / "t.db", SCHEMA), patience=0.1)
    await writer.open()
    connection = await limit_pages(writer, 2)
    stream = writer.stream()
    stream.append(INSERT, (1, "x" * 50_000))
    with pytest.raises(StorageFull) as caught:
        await stream.commit()
    assert (caught.value.code, caught.value.where) == ("BG924", writer.backend.where)
    with pytest.raises(StorageFull):
        await writer.call(lambda connection: connection.execute(INSERT, (2, "x" * 50_000)))
    connection.execute("PRAGMA max_page_count=100000")
    again = writer.stream()
    again.append(INSERT, (3, "x"))
    await again.commit()
    assert rows(writer) == [(3, "x")]
    await writer.close()


async def test_closing_does_not_wait_for_a_full_disk(tmp_path: Path) -> None:
    writer = Writer(SqliteFile(tmp_path / "t.db", SCHEMA))
    await writer.open()
    await limit_pages(writer, 2)
    stream = writer.stream()
    stream.append(INSERT, (1, "x" * 50_000))
    future = stream.commit()
    await until(lambda: writer.stalled)
    await asyncio.wait_for(writer.close(), 5)
    assert isinstance(future.exception(), StorageFull)


async def test_closing_writes_what_is_queued_and_refuses_more(writer: Writer) -> None:
    stream = writer.stream()
    stream.append(INSERT, (1, "x"))
    await writer.close()
    await writer.close()
    assert rows(writer) == [(1, "x")]
    with pytest.raises(WriterClosed):
        stream.append(INSERT, (2, "y"))
    with pytest.raises(WriterClosed):
        await writer.call(lambda _: None)


async def test_a_file_that_is_no_database_is_refused_at_open(tmp_path: Path) -> None:
    path = tmp_path / "t.db"
    path.write_bytes(b"no database at all " * 100)
    writer = Writer(SqliteFile(path, SCHEMA))
    with pytest.raises(StorageError) as caught:
        await writer.open()
    assert caught.value.code == "BG922"
    await writer.close()


async def test_a_killed_writer_leaves_a_prefix_with_all_that_was_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "t.db"
    process = start(COUNT, path)
    assert process.stdout is not None
    acknowledged: dict[int, int] = {}
    for line in process.stdout:
        number, seq = map(int, line.split())
        acknowledged[number] = seq
        if len(acknowledged) == 4 and min(acknowledged.values()) > 100:
            break
    process.kill()
    for line in process.stdout:  # communicate() would pass over what has been read ahead
        if line.endswith("\n"):
            number, seq = map(int, line.split())
            acknowledged[number] = seq
    process.communicate()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        found = connection.execute("SELECT stream, max(seq), count(*) FROM log GROUP BY stream").fetchall()
    assert [stream for stream, _, _ in found] == [0, 1, 2, 3]
    assert [last + 1 for _, last, _ in found] == [count for _, _, count in found]
    assert all(last >= acknowledged[stream] for stream, last, _ in found)


async def test_files_at_their_size_limit_give_one_code_and_writing_recovers(tmp_path: Path) -> None:
    process = start(FILL, tmp_path)
    out, _ = await asyncio.to_thread(process.communicate, "")
    assert out.splitlines() == ["BG924 BG924", "ok"]
    assert [path for path in (tmp_path / "artifacts").rglob("*") if path.is_file()] == []
