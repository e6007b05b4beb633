"""`batches` with openai-python, and what becomes of them when the server goes."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import openai
import pytest
from openai import AsyncOpenAI
from openai.types import Batch

from runtime.base.settings import Settings
from runtime.orchestration.workbench import Workbench
from runtime.server.openai.batch_answers import BatchAnswers
from runtime.storage import BatchRow, FileRow

from .conftest import Live
from .shapes import Shapes

pytestmark = pytest.mark.anyio

CHAT = "/v1/chat/completions"
OVER = ("completed", "failed", "expired", "cancelled")


def line(number: object, body: dict[str, Any], url: str = CHAT) -> str:
    return json.dumps({"custom_id": f"r{number}", "method": "POST", "url": url, "body": body})


def said(number: object, text: str, model: str = "scripted/echo") -> str:
    return line(number, {"model": model, "messages": [{"role": "user", "content": text}]})


async def begin(client: AsyncOpenAI, *lines: str, endpoint: Any = CHAT) -> Batch:  # noqa: ANN401
    content = "\n".join(lines).encode()
    file = await client.files.create(file=("in.jsonl", content), purpose="batch")
    return await client.batches.create(
        input_file_id=file.id, endpoint=endpoint, completion_window="24h", metadata={"night": "1"}
    )


async def end(client: AsyncOpenAI, batch: Batch) -> Batch:
    async with asyncio.timeout(30):
        while batch.status not in OVER:
            await asyncio.sleep(0.05)
            batch = await client.batches.retrieve(batch.id)
    return batch


async def answered(client: AsyncOpenAI, batch: Batch) -> int:
    counts = (await client.batches.retrieve(batch.id)).request_counts
    assert counts
    return counts.completed


async def results(client: AsyncOpenAI, file: str | None) -> dict[str, Any]:
    assert file
    lines = (await client.files.content(file)).text.splitlines()
    return {one["custom_id"]: one for one in map(json.loads, lines)}


async def test_a_batch_of_chats_has_answers_and_failures(live: Live, client: AsyncOpenAI) -> None:
    begun = await begin(
        client, said(1, "one"), "", said(2, "two"), said(3, "x", "scripted/none"), line(4, {"model": "scripted/echo"})
    )
    assert (begun.status, begun.endpoint, begun.metadata) == ("validating", CHAT, {"night": "1"})
    batch = await end(client, begun)
    assert batch.request_counts and batch.request_counts.to_dict() == {"total": 4, "completed": 2, "failed": 2}
    good = await results(client, batch.output_file_id)
    assert {name: one["response"]["body"]["choices"][0]["message"]["content"] for name, one in good.items()} == {
        "r1": "one",
        "r2": "two",
    }
    bad = await results(client, batch.error_file_id)
    told = {name: (one["response"]["status_code"], one["response"]["body"]["error"]) for name, one in bad.items()}
    assert (told["r3"][0], told["r3"][1]["code"]) == (404, "model_not_found")
    assert (told["r4"][0], told["r4"][1]["param"]) == (400, "messages")
    assert [one.id async for one in client.batches.list(limit=1)] == [batch.id]
    assert (await client.files.retrieve(batch.output_file_id or "")).purpose == "batch_output"


async def test_a_batch_of_embeddings(client: AsyncOpenAI) -> None:
    body = {"model": "embedder/words", "input": "a pump"}
    batch = await end(client, await begin(client, line(1, body, "/v1/embeddings"), endpoint="/v1/embeddings"))
    answer = (await results(client, batch.output_file_id))["r1"]["response"]["body"]
    assert len(answer["data"][0]["embedding"]) == 256
    assert batch.error_file_id is None


async def test_what_is_wrong_with_a_file_is_told_by_line(client: AsyncOpenAI) -> None:
    wrong = ["{", "[]", said(1, "a"), said(1, "b"), line(2, {}, "/v1/embeddings"), '{"custom_id": "x"}']
    batch = await end(client, await begin(client, *wrong))
    assert batch.status == "failed"
    assert batch.errors and batch.errors.data
    assert [(one.line, one.code, one.param) for one in batch.errors.data] == [
        (1, "invalid_json_line", None),
        (2, "invalid_json_line", None),
        (4, "duplicate_custom_id", "custom_id"),
        (5, "invalid_url", "url"),
        (6, "missing_required_parameter", "method"),
    ]
    empty = await end(client, await begin(client, ""))
    assert empty.errors and empty.errors.data and empty.errors.data[0].code == "empty_file"


async def test_a_cancelled_batch_keeps_what_is_answered(client: AsyncOpenAI) -> None:
    begun = await begin(client, said(1, "one"), *(said(n, "x", "scripted/slow") for n in range(2, 9)))
    async with asyncio.timeout(10):
        while not await answered(client, begun):  # noqa: ASYNC110 nobody tells
            await asyncio.sleep(0.05)
    assert (await client.batches.cancel(begun.id)).status == "cancelling"
    batch = await end(client, begun)
    assert (batch.status, bool(batch.cancelled_at)) == ("cancelled", True)
    assert [*await results(client, batch.output_file_id)] == ["r1"]
    assert (await client.batches.cancel(begun.id)).status == "cancelled"


async def test_a_batch_whose_time_is_over_says_what_is_missing(live: Live, client: AsyncOpenAI) -> None:
    file = await client.files.create(
        file=("a", "\n".join([said(1, "one"), said(2, "x", "scripted/slow")]).encode()), purpose="batch"
    )
    row = await live.bench.database.files.get(file.id)
    assert row
    told = {"completion_window": "24h", "metadata": None}
    made = await live.bench.batches.create(row, "local", CHAT, seconds=1.0, told=told)
    batch = await end(client, await client.batches.retrieve(made.id))
    assert batch.status == "expired"
    assert [*await results(client, batch.output_file_id)] == ["r1"]
    missing = (await results(client, batch.error_file_id))["r2"]
    assert (missing["response"], missing["error"]["code"]) == (None, "batch_expired")


@pytest.mark.parametrize(
    ("body", "kind", "param"),
    [
        ({"endpoint": "/v1/responses"}, openai.BadRequestError, "endpoint"),
        ({"completion_window": "soon"}, openai.BadRequestError, "completion_window"),
        ({"completion_window": "90d"}, openai.BadRequestError, "completion_window"),
        ({"input_file_id": "file-none"}, openai.NotFoundError, "input_file_id"),
        ({"output_expires_after": {"anchor": "created_at", "seconds": 3600}}, openai.BadRequestError, None),
    ],
)
async def test_wrong_batches_are_refused(
    client: AsyncOpenAI, body: dict[str, Any], kind: type[openai.APIStatusError], param: str | None
) -> None:
    file = await client.files.create(file=("a", b"{}"), purpose="batch")
    with pytest.raises(kind) as caught:
        await client.batches.create(**{"input_file_id": file.id, "endpoint": CHAT, "completion_window": "24h", **body})
    assert caught.value.param == (param or "output_expires_after")


async def test_a_file_for_something_else_is_no_batch(client: AsyncOpenAI) -> None:
    file = await client.files.create(file=("a", b"{}"), purpose="user_data")
    with pytest.raises(openai.BadRequestError, match="purpose"):
        await client.batches.create(input_file_id=file.id, endpoint=CHAT, completion_window="24h")
    with pytest.raises(openai.NotFoundError) as gone:
        await client.batches.retrieve("batch_none")
    assert gone.value.param == "batch_id"


# -- a restart -------------------------------------------------------------------------------------------------------

SLOW = """\
models:
  scripted/echo: {options: {echo: true}}
  scripted/slow: {options: {script: [{text: x, delay: 60, repeat: true}]}}
"""
FAST = """\
models:
  scripted/echo: {options: {echo: true}}
  scripted/slow: {options: {echo: true}}
"""


async def opened(settings: Settings, models: str) -> Workbench:
    settings.home.mkdir(parents=True, exist_ok=True)
    (settings.home / "models.yaml").write_text(models, encoding="utf-8")
    bench = await Workbench.open(settings)
    bench.batches.start(BatchAnswers(bench))
    return bench


async def test_a_batch_goes_on_after_a_restart_and_asks_nothing_twice(settings: Settings) -> None:
    bench = await opened(settings, SLOW)
    lines = [said(1, "one"), said(2, "two"), *(said(n, f"n{n}", "scripted/slow") for n in range(3, 9)), said(9, "nine")]
    artifact = await bench.database.artifacts.put("\n".join(lines).encode(), name="a")
    file = FileRow("file-1", "main", "batch", "a", artifact["id"], artifact["size"], 1)
    told = {"completion_window": "24h", "metadata": None}
    batch = await bench.batches.create(file, "local", CHAT, seconds=600, told=told)
    async with asyncio.timeout(10):
        while len(await bench.database.batches.known(batch.id)) < 2:  # noqa: ASYNC110 nobody tells
            await asyncio.sleep(0.02)
    await bench.close()
    bench = await opened(settings, FAST)
    try:
        found: BatchRow | None = None
        async with asyncio.timeout(10):
            while not found or found.status != "completed":
                await asyncio.sleep(0.02)
                found = await bench.database.batches.get(batch.id)
        assert (found.body["done"], found.body["failed"], found.body["total"]) == (9, 0, 9)
        assert await bench.database.batches.known(batch.id) == set()
        decisions = await bench.decisions.list("main")
        assert len(decisions) == 9
    finally:
        await bench.close()


# -- courtesy --------------------------------------------------------------------------------------------------------


async def test_a_call_that_somebody_waits_for_overtakes_a_batch(client: AsyncOpenAI) -> None:
    begun = await begin(client, *(said(n, "x", "scripted/one") for n in range(40)))
    async with asyncio.timeout(10):
        while not await answered(client, begun):  # noqa: ASYNC110 nobody tells
            await asyncio.sleep(0.02)
    before = await answered(client, begun)
    for _ in range(3):
        await client.chat.completions.create(model="scripted/one", messages=[{"role": "user", "content": "Hi"}])
    assert await answered(client, begun) - before <= 4
    await client.batches.cancel(begun.id)


async def test_batches_have_openais_schema(http: httpx.AsyncClient, client: AsyncOpenAI, shapes: Shapes) -> None:
    batch = await end(client, await begin(client, said(1, "one")))
    for place in (f"/batches/{batch.id}", "/batches"):
        answer = (await http.get(place)).json()
        for one in answer.get("data", [answer]):
            shapes.check("Batch", {name: value for name, value in one.items() if value is not None})  # as OpenAI's own
