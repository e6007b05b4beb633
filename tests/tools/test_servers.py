from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tools.errors import ToolError, ToolFailed, ToolOutputInvalid, ToolTimeout, ToolUnavailable, ToolUnknown
from tools.servers import ServerPool
from tools.spec import Deadlines, ServerSpec

HOSTILE = Path(__file__).with_name("hostile.py")
SHORT = Deadlines(connect=5, initialize=2, list=5, call=1)
ROOMY = Deadlines(connect=5, initialize=20, list=20, call=20)


def spec(way: str, pids: Path, deadlines: Deadlines) -> ServerSpec:
    return ServerSpec(command=(sys.executable, str(HOSTILE), way, str(pids)), deadlines=deadlines)


def living(pids: Path) -> list[int]:
    return [pid for pid in map(int, pids.read_text().split()) if _lives(pid)]


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def gone(pids: Path, seconds: float = 5.0) -> bool:
    for _ in range(int(seconds / 0.02)):
        if not living(pids):
            return True
        await asyncio.sleep(0.02)
    return False


@pytest.fixture
def pids(tmp_path: Path) -> Path:
    return tmp_path / "pids"


@pytest.fixture
async def pools() -> AsyncGenerator[list[ServerPool]]:
    made: list[ServerPool] = []
    yield made
    for pool in made:
        await pool.close()


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("way", "error", "said"),
    [
        ("mute", ToolTimeout, "initialize"),
        ("garbage", ToolUnavailable, "not MCP"),
        ("exit", ToolUnavailable, "initialize"),
        ("endless", ToolOutputInvalid, "MiB"),
    ],
)
async def test_a_server_that_never_speaks_mcp_is_ended(way: str, error: type[ToolError], said: str, pids: Path) -> None:
    pool = ServerPool({"bad": spec(way, pids, SHORT)})
    begin = time.monotonic()
    with pytest.raises(error, match=said) as caught:
        await pool.list("bad")
    assert time.monotonic() - begin < 5
    assert "'bad'" in caught.value.message
    assert await gone(pids)
    await pool.close()


@pytest.mark.anyio
async def test_what_a_server_says_before_it_exits_is_kept(pids: Path) -> None:
    pool = ServerPool({"bad": spec("exit", pids, SHORT)})
    with pytest.raises(ToolUnavailable) as caught:
        await pool.list("bad")
    assert "no licence" in str(caught.value.details["stderr"])
    assert caught.value.details["exit"] == 7


@pytest.mark.anyio
async def test_a_call_that_hangs_ends_at_its_deadline_and_the_next_one_gets_a_fresh_server(
    pids: Path, pools: list[ServerPool]
) -> None:
    pool = ServerPool({"bad": spec("hang", pids, ROOMY)})
    pools.append(pool)
    assert (await pool.call("bad", "act", {})).data == "fine"
    first = living(pids)
    begin = time.monotonic()
    with pytest.raises(ToolTimeout, match=r"'call' within 0\.5 s"):
        await pool.call("bad", "act", {"n": 1}, timeout=0.5)
    assert time.monotonic() - begin < 1.5
    assert (await pool.call("bad", "act", {})).data == "fine"
    await pool.close()
    assert not [pid for pid in first if _lives(pid)]
    assert await gone(pids)


@pytest.mark.anyio
async def test_a_server_that_dies_in_a_call_is_started_again(pids: Path, pools: list[ServerPool]) -> None:
    pool = ServerPool({"bad": spec("die", pids, ROOMY)})
    pools.append(pool)
    with pytest.raises(ToolUnavailable, match="call") as caught:
        await pool.call("bad", "act", {"n": 1})
    assert "out of oil" in str(caught.value.details["stderr"])
    assert (await pool.call("bad", "act", {})).data == "fine"


@pytest.mark.anyio
async def test_results_failures_and_unknown_names_are_told_apart(pids: Path, pools: list[ServerPool]) -> None:
    pool = ServerPool({"big": spec("big", pids, ROOMY), "fail": spec("fail", pids.with_name("more"), ROOMY)})
    pools.append(pool)
    assert (await pool.call("big", "act", {"n": 3})).data == "xxx"
    with pytest.raises(ToolOutputInvalid, match="bytes"):
        await pool.call("big", "act", {"n": 11 * 2**20})
    with pytest.raises(ToolOutputInvalid, match="32 MiB"):
        await pool.call("big", "act", {"n": 20 * 2**20})
    with pytest.raises(ToolUnknown, match="no tool 'open'"):
        await pool.call("big", "open", {})
    with pytest.raises(ToolUnknown, match="no tool server 'none'"):
        await pool.list("none")
    with pytest.raises(ToolFailed, match="valve is stuck"):
        await pool.call("fail", "act", {"n": 1})
    with pytest.raises(ToolFailed, match="n"):
        await pool.call("fail", "act", {"n": "many"})


@pytest.mark.anyio
async def test_runs_share_one_process_and_a_program_that_is_missing_is_named(
    pids: Path, pools: list[ServerPool]
) -> None:
    pool = ServerPool({"one": spec("echo", pids, ROOMY), "none": ServerSpec(command=("no-such-program",))})
    pools.append(pool)
    await asyncio.gather(*(pool.call("one", "act", {}) for _ in range(8)))
    first = living(pids)
    await pool.call("one", "act", {})
    assert living(pids) == first
    assert os.getpid() not in living(pids)
    with pytest.raises(ToolUnavailable, match="connect"):
        await pool.list("none")
