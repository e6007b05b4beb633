from __future__ import annotations

import openai
import pytest
from openai import AsyncOpenAI

pytestmark = pytest.mark.anyio


async def test_vectors_are_the_same_in_both_forms(client: AsyncOpenAI) -> None:
    texts = ["the pump leaks", "水泵漏水"]
    default = await client.embeddings.create(model="embedder/words", input=texts)
    plain = await client.embeddings.create(model="embedder/words", input=texts, encoding_format="float")
    assert [item.index for item in default.data] == [0, 1]
    assert len(default.data[0].embedding) == 256
    for one, other in zip(default.data, plain.data, strict=True):
        assert one.embedding == pytest.approx(other.embedding, abs=1e-6)
    assert default.usage.prompt_tokens > 0


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"input": [[1, 2], [3]]}, "input"),
        ({"input": ""}, "input"),
        ({"input": []}, "input"),
        ({"input": "a", "dimensions": 3}, "dimensions"),
        ({"input": "a", "extra_body": {"colour": 1}}, "colour"),
    ],
)
async def test_wrong_inputs(client: AsyncOpenAI, body: dict[str, object], param: str) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        await client.embeddings.create(model="embedder/words", **body)  # type: ignore[arg-type]
    assert caught.value.param == param


async def test_a_model_that_does_not_embed(client: AsyncOpenAI) -> None:
    with pytest.raises(openai.NotFoundError):
        await client.embeddings.create(model="scripted/echo", input="a")


async def test_models_are_listed_and_shown(client: AsyncOpenAI) -> None:
    names = [model.id async for model in client.models.list()]
    assert names[:2] == ["auto", "scripted/echo"] and "embedder/minilm" in names
    assert (await client.models.retrieve("scripted/echo")).owned_by == "scripted"
    with pytest.raises(openai.NotFoundError) as caught:
        await client.models.retrieve("scripted/none")
    assert caught.value.code == "model_not_found"
