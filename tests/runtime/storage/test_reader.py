from __future__ import annotations

import asyncio
import sqlite3
import threading

import pytest

from runtime.storage import Connection, Reader, Writer
from runtime.storage.errors import WriterClosed

from .conftest import until

pytestmark = pytest.mark.anyio


def count(connection: Connection) -> int:
    return connection.execute("SELECT count(*) FROM t").fetchone()[0]


async def insert(writer: Writer, key: int) -> None:
    stream = writer.stream()
    stream.append("INSERT INTO t VALUES (?, 'x')", (key,))
    await stream.commit()


async def test_a_query_sees_every_commit_before_it(writer: Writer) -> None:
    reader = Reader(writer.backend)
    seen: list[int] = []
    for key in range(3):
        await insert(writer, key)
        seen.append(await reader.run(count))
    await reader.close()
    assert seen == [1, 2, 3]


async def test_a_query_is_one_snapshot_and_blocks_neither_the_writer_nor_the_loop(writer: Writer) -> None:
    reader = Reader(writer.backend)
    begun, go_on = threading.Event(), threading.Event()

    def twice(connection: Connection) -> tuple[int, int]:
        first = count(connection)
        begun.set()
        go_on.wait(5)
        return first, count(connection)

    query = asyncio.create_task(reader.run(twice))
    await until(begun.is_set)
    await insert(writer, 1)
    assert await reader.run(count) == 1
    go_on.set()
    assert await query == (0, 0)
    await reader.close()


async def test_a_reader_cannot_write(writer: Writer) -> None:
    reader = Reader(writer.backend)
    with pytest.raises(Exception, match="readonly"):
        await reader.run(lambda connection: connection.execute("INSERT INTO t VALUES (1, 'x')"))
    assert await reader.run(count) == 0
    await reader.close()


async def test_a_wrong_query_keeps_its_own_error_and_harms_no_other(writer: Writer) -> None:
    reader = Reader(writer.backend, threads=1)
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        await reader.run(lambda connection: connection.execute("SELECT 1 FROM nowhere"))
    assert await reader.run(count) == 0
    await reader.close()


async def test_a_closed_reader_refuses(writer: Writer) -> None:
    reader = Reader(writer.backend)
    await reader.close()
    with pytest.raises(WriterClosed):
        await reader.run(count)
