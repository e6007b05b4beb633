"""What happens when the process of a model is killed, left alone or not needed."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import pytest
from langchain_core.messages import AIMessageChunk

from runtime.models.errors import ModelBusy, ModelCrashed, ModelFileInvalid, ModelNotLoaded, ModelTimeout
from runtime.models.local.backend import LocalModel
from runtime.models.local.chat import LocalChat
from runtime.models.local.exchange import Delta, Request
from runtime.models.local.process import Process
from runtime.models.local.weights import Patience, Weights

from .conftest import alive, pid_of, until

pytestmark = pytest.mark.anyio

STORY = Request(messages=[{"role": "user", "content": "Write a long story."}], max_tokens=400)
SHORT = Request(messages=[{"role": "user", "content": "What is a pump?"}], max_tokens=8)


async def say(model: LocalModel, request: Request = SHORT) -> str:
    return "".join([event.text async for event in model.generate(request) if isinstance(event, Delta)])


async def hurt(model: LocalModel, sign: signal.Signals) -> None:
    """Send a signal to the process when its answer has begun."""
    async for event in model.generate(STORY):
        if isinstance(event, Delta):
            os.kill(pid_of(model), sign)


async def test_a_killed_process_is_an_error_and_the_next_call_starts_another(chat: LocalChat) -> None:
    said: list[str] = []
    pid = 0
    with pytest.raises(ModelCrashed, match=r"BG842: .* was ended by SIGKILL. \(local/smollm2\)") as caught:
        async for piece in chat.astream("Write a long story.", max_tokens=400):
            assert isinstance(piece, AIMessageChunk)
            said.append(str(piece.text))
            if len(said) == 3:
                pid = pid_of(chat.backend)
                os.kill(pid, signal.SIGKILL)
    assert caught.value.retryable
    assert caught.value.details["exit"] == -signal.SIGKILL
    assert 3 <= len(said) < 300
    assert (await chat.ainvoke("What is a pump?", max_tokens=8)).text
    assert pid_of(chat.backend) != pid


@pytest.mark.slow
async def test_a_process_that_died_is_not_started_at_once(smollm2: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    starts, start = list[float](), Process.start

    async def timed() -> Process:
        starts.append(time.monotonic())
        return await start()

    monkeypatch.setattr(Process, "start", timed)
    model = LocalModel(smollm2, Weights(), 512)
    with pytest.raises(ModelCrashed):
        await hurt(model, signal.SIGKILL)
    killed = time.monotonic()
    assert await say(model)
    assert starts[1] - killed > 0.4
    await model.close()


async def test_a_cancelled_call_stops_the_model_and_leaves_the_process_usable(chat: LocalChat) -> None:
    expected = await say(chat.backend)
    pid, begun = pid_of(chat.backend), asyncio.Event()

    async def tell() -> None:
        async for _ in chat.astream("Write a long story.", max_tokens=400):
            begun.set()

    task = asyncio.create_task(tell())
    await begun.wait()
    loop = asyncio.get_running_loop()
    started = loop.time()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()
    assert loop.time() - started < 0.5
    assert await say(chat.backend) == expected
    assert loop.time() - started < 3, "400 tokens would take longer"
    assert pid_of(chat.backend) == pid


async def test_the_process_ends_when_it_is_closed(chat: LocalChat) -> None:
    await chat.backend.count([{"role": "user", "content": "Hi"}])
    pid = pid_of(chat.backend)
    assert alive(pid)
    await chat.close()
    assert not alive(pid)


PARENT = """
import asyncio
from runtime.models.local.backend import LocalModel
from runtime.models.local.weights import Weights

async def main():
    model = LocalModel(Weights().file(), Weights(), 512)
    await model.count([{"role": "user", "content": "Hi"}])
    print(model.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_the_process_dies_with_its_parent() -> None:
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", PARENT, stdout=asyncio.subprocess.PIPE)
    assert parent.stdout
    pid = int(await parent.stdout.readline())
    assert alive(pid)
    parent.kill()
    await parent.wait()
    assert await until(lambda: not alive(pid))


async def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "pump.gguf"
    file.write_text("This is the manual of the pump.")
    model = LocalChat(name="local/pump", weights=Weights(path=str(file)))
    with pytest.raises(ModelFileInvalid, match=r"BG840: The file is not a GGUF model.*pump\.gguf.*suffix"):
        await model.ainvoke("Hi")
    await model.close()


async def test_a_file_with_another_digest_is_refused(smollm2: Path) -> None:
    model = LocalChat(name="local/pump", weights=Weights(path=str(smollm2), sha256="0" * 64))
    with pytest.raises(ModelFileInvalid, match="BG840: The SHA-256"):
        await model.ainvoke("Hi")
    assert model.backend.pid is None


@pytest.mark.slow
async def test_a_process_that_hangs_is_ended(smollm2: Path) -> None:
    model = LocalModel(smollm2, Weights(limits=Patience(idle=1.0)), 512)
    with pytest.raises(ModelTimeout, match="silent for 1 s") as caught:
        await hurt(model, signal.SIGSTOP)
    assert caught.value.details == {"limit": "idle"}
    assert await say(model)
    await model.close()


@pytest.mark.slow
async def test_an_answer_that_takes_too_long_is_ended_and_the_process_kept(smollm2: Path) -> None:
    model = LocalModel(smollm2, Weights(limits=Patience(total=0.5)), 512)
    await model.count(SHORT.messages)
    pid = pid_of(model)
    with pytest.raises(ModelTimeout, match=r"`total` of 0.5 s"):
        await say(model, STORY)
    assert await model.count(SHORT.messages)
    assert pid_of(model) == pid
    await model.close()


@pytest.mark.slow
async def test_after_repeated_crashes_the_model_rests(smollm2: Path) -> None:
    model = LocalModel(smollm2, Weights(), 512)
    for _ in range(3):
        with pytest.raises(ModelCrashed):
            await hurt(model, signal.SIGKILL)
    with pytest.raises(ModelBusy, match=r"BG843: .* rests") as caught:
        await say(model)
    assert 0 < float(str(caught.value.details["retry_after"])) <= 60
    await model.close()


@pytest.mark.slow
async def test_calls_take_turns_and_too_many_are_refused(smollm2: Path) -> None:
    model = LocalModel(smollm2, Weights(queue=2), 512)
    found = await asyncio.gather(*(say(model) for _ in range(5)), return_exceptions=True)
    assert [type(one) for one in found] == [str, str, str, ModelBusy, ModelBusy]
    await model.close()


async def test_too_little_memory_is_an_error_that_says_so(smollm2: Path) -> None:
    model = LocalModel(smollm2, Weights(memory=250_000_000), 8192)
    try:
        with pytest.raises(ModelNotLoaded, match="no memory for a context of 8192 tokens") as caught:
            await say(model)
        assert "failed to allocate" in str(caught.value.details["log"])
    finally:
        await model.close()
