"""`files` with openai-python."""

from __future__ import annotations

import os

import httpx
import openai
import pytest
from openai import AsyncOpenAI

from runtime.orchestration.retention import prune

from .conftest import Live
from .shapes import Shapes

pytestmark = pytest.mark.anyio

CONTENT = b'{"a": "\xe6\xb3\xb5"}\n'


async def test_a_file_is_uploaded_shown_read_and_deleted(live: Live, client: AsyncOpenAI) -> None:
    made = await client.files.create(file=("a.jsonl", CONTENT), purpose="batch")
    assert (made.filename, made.bytes, made.purpose) == ("a.jsonl", len(CONTENT), "batch")
    assert await client.files.retrieve(made.id) == made
    assert (await client.files.content(made.id)).content == CONTENT
    (artifact,) = live.bench.home.artifacts.glob("*/*")
    os.utime(artifact, (0, 0))
    await prune(live.bench.database, days=1)
    assert (await client.files.content(made.id)).content == CONTENT
    assert (await client.files.delete(made.id)).deleted
    await prune(live.bench.database, days=1)
    assert not artifact.exists()
    with pytest.raises(openai.NotFoundError) as gone:
        await client.files.content(made.id)
    assert (gone.value.code, gone.value.param) == ("not_found", "file_id")


async def test_lists_have_pages(client: AsyncOpenAI) -> None:
    made = [await client.files.create(file=(f"{n}.txt", b"x"), purpose="user_data") for n in range(3)]
    await client.files.create(file=("b.jsonl", b"x"), purpose="batch")
    ids = {one.id for one in made}
    listed = [file.id async for file in client.files.list(purpose="user_data", limit=2)]
    assert len(listed) == 3 and set(listed) == ids
    assert [one async for one in client.files.list(order="asc", limit=2)][-1].purpose == "batch"


@pytest.mark.parametrize(
    ("form", "files", "param"),
    [
        ({"purpose": "batch"}, {}, "file"),
        ({"purpose": "other"}, {"file": ("a", b"x")}, "purpose"),
        ({"purpose": "batch", "expires_after[seconds]": "3600"}, {"file": ("a", b"x")}, "expires_after[seconds]"),
    ],
)
async def test_wrong_forms_are_refused(
    http: httpx.AsyncClient, form: dict[str, str], files: dict[str, tuple[str, bytes]], param: str
) -> None:
    answer = await http.post("/files", data=form, files=files)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)


async def test_files_have_openais_schema(http: httpx.AsyncClient, shapes: Shapes) -> None:
    made = await http.post("/files", data={"purpose": "batch"}, files={"file": ("a.jsonl", CONTENT)})
    shapes.check("OpenAIFile", made.json())
    shapes.check("ListFilesResponse", (await http.get("/files")).json())
    shapes.check("DeleteFileResponse", (await http.delete(f"/files/{made.json()['id']}")).json())
