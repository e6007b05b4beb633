"""Helped tool calls: what the text offers, what is chosen, and what is left to the model."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from knowledge.embedders.sentence import MiniLM
from runtime.base.errors import Json
from runtime.models.embedding import Embedded
from runtime.models.errors import ModelOutputInvalid
from runtime.models.helped.choice import combine, doubtful
from runtime.models.helped.dates import dates, written
from runtime.models.helped.figures import numbers, runs
from runtime.models.helped.parameters import read, rest
from runtime.models.helped.spans import spans
from runtime.models.helping import Helper
from runtime.models.local.backend import LocalModel
from runtime.models.local.exchange import Delta, End, Event, Request, Scores
from runtime.models.local.turns import ANYBODY, Caller
from runtime.models.local.weights import Weights

pytestmark = pytest.mark.anyio


def tool(name: str, description: str, required: Sequence[str] = (), **properties: Any) -> dict[str, Any]:  # noqa: ANN401
    parameters = {
        "type": "object", "properties": properties, "required": [*required], "additionalProperties": False,
    }  # fmt: skip
    return {"type": "function", "function": {"name": name, "description": description, "parameters": parameters}}


def asked(text: str) -> list[dict[str, Json]]:
    return [{"role": "system", "content": "Be brief."}, {"role": "user", "content": text}]


WEATHER = tool(
    "weather.get", "Get the weather forecast of a city.", ["city"],
    city={"type": "string", "description": "The city."},
    days={"type": "integer", "description": "Number of days of the forecast. Default is 1."},
    unit={"type": "string", "enum": ["celsius", "fahrenheit"], "description": "Unit. Default is celsius."},
)  # fmt: skip
TRIANGLE = tool(
    "triangle_area", "Calculate the area of a triangle.", ["base", "height"],
    base={"type": "number", "description": "Length of the base."},
    height={"type": "number", "description": "Height above the base."},
)  # fmt: skip


class Bags:
    """Embeds a text as the words that it has; counts the texts."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    async def embed(self, texts: Sequence[str], *, lane: str = "", background: bool = False) -> Embedded:
        self.seen += texts
        return Embedded(vectors=[self._vector(text) for text in texts], tokens=0)

    async def close(self) -> None: ...

    @staticmethod
    def _vector(text: str) -> list[float]:
        vector = [0.0] * 256
        for word in text.lower().replace(":", " ").replace(".", " ").split():
            vector[sum(word.encode()) % 256] += 1.0
        return vector


class Model:
    """Writes what it is told to, and finds the last label likeliest."""

    def __init__(self, answer: Json = None) -> None:
        self.answer = answer
        self.requests: list[Request] = []
        self.labels: list[Sequence[str]] = []

    async def generate(self, request: Request, caller: Caller = ANYBODY) -> AsyncGenerator[Event, None]:
        self.requests.append(request)
        yield Delta(json.dumps(self.answer))
        yield End("stop", {}, {})

    async def score(
        self, messages: Sequence[Mapping[str, Json]], labels: Sequence[str], caller: Caller = ANYBODY
    ) -> Scores:
        self.labels.append(labels)
        return Scores([-9.0 + index for index in range(len(labels))], 1, 1)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("sides 3, 4 and 5", [3, 4, 5]),
        ("from -2.5 to 1e-9", [-2.5, 1e-9]),
        ("$2,000,000, then 10 million", [2_000_000, 10_000_000]),
        ("[100,200,300]", [100, 200, 300]),
        ("9.8 m/s^2 for two hours", [9.8, 2]),
        ("the 2nd of B1004", [2]),
    ],
)
async def test_numbers_of_a_text(text: str, values: list[float]) -> None:
    assert [one.value for one in numbers(text)] == values


async def test_percent_is_a_share_too() -> None:
    assert [(one.value, one.share) for one in numbers("5% or 7 percent")] == [(5, 0.05), (7, 0.07)]


async def test_numbers_in_a_row_are_a_list() -> None:
    text = "the mean of 1, 2 and 3 within 10 seconds of 4, 5"
    assert [[one.value for one in group] for group in runs(text, numbers(text))] == [[1, 2, 3], [4, 5]]


@pytest.mark.parametrize(
    ("text", "wanted", "answer"),
    [
        ("on December 13, 2019", "in the format YYYY-MM-DD", "2019-12-13"),
        ("on 1st June 2022", "the date, mm-dd-yyyy", "06-01-2022"),
        ("on 2022/08/16", "the date (month-day-year)", "08-16-2022"),
        ("on March.11, 2022", "the date", "2022-03-11"),
        ("from 2023 April 4th", "DD/MM/YYYY", "04/04/2023"),
    ],
)
async def test_dates_are_written_as_the_description_wants(text: str, wanted: str, answer: str) -> None:
    assert [written(day, wanted) for day, _, _ in dates(text)] == [answer]


async def test_spans_of_a_text() -> None:
    found = {span.text: span.kind for span in spans("Find 'The Thinker' by Auguste Rodin in New York on May 3, 2024")}
    assert found["The Thinker"] == "quoted"
    assert found["Auguste Rodin"] == found["New York"] == "name"
    assert found["May 3, 2024"] == "date"
    assert "Find" not in [text for text, kind in found.items() if kind == "name"]


async def test_null_and_references_do_not_hide_a_type() -> None:
    schema = {
        "$defs": {"Unit": {"enum": ["km", "mi"]}},
        "properties": {
            "unit": {"$ref": "#/$defs/Unit", "description": "Unit."},
            "most": {"anyOf": [{"type": "integer"}, {"type": "null"}], "default": None},
            "text": {"type": ["string", "null"]},
        },
        "required": ["unit"],
    }
    unit, most, text = read(schema)
    assert unit.schema["enum"] == ["km", "mi"] and unit.needed
    assert most.schema["type"] == "integer" and text.schema["type"] == "string"
    assert rest(schema, ["unit"])["$defs"] == schema["$defs"]


async def test_the_model_decides_only_between_near_tools() -> None:
    near = {"a": 0.50, "b": 0.49, "c": 0.1}
    assert doubtful(near) == ["a", "b"]
    scores = combine(near, {"a": -20.0, "b": -2.0})
    assert max(scores, key=lambda name: scores[name]) == "b"
    assert doubtful({"a": 0.5, "b": 0.2}) == ["a"]


async def test_a_clear_request_needs_no_model() -> None:
    model, helper = Model(), Helper(Model(), Bags())
    call = await helper.call(asked("Calculate the area of a triangle with base 6 and height 10.5"), [WEATHER, TRIANGLE])
    assert call and (call.tool, call.arguments) == ("triangle_area", {"base": 6, "height": 10.5})
    assert call.written == () and not model.requests and not model.labels


async def test_two_tools_alike_are_put_to_the_model() -> None:
    model = Model()
    twin = tool("get_weather", "Get the weather forecast of a city.", ["city"], city={"type": "string"})
    call = await Helper(model, Bags()).call(asked("Get the weather forecast of Rome"), [WEATHER, twin])
    assert call and call.tool == "get_weather"
    assert model.labels == [["weather.get", "get_weather"]]


async def test_what_the_text_does_not_offer_is_written_by_the_model() -> None:
    model = Model({"box": {"deep": True}})
    box = {"type": "object", "properties": {"deep": {"type": "boolean"}}, "required": ["deep"]}
    store = tool("store", "Store a thing.", ["box"], box=box, label={"type": "string"})
    call = await Helper(model, Bags()).call(asked("Store it"), [store])
    assert call and call.arguments["box"] == {"deep": True} and call.written == ("box",)
    (request,) = model.requests
    assert request.schema and request.schema["required"] == ["box"]


async def test_a_call_that_does_not_fit_is_no_call() -> None:
    pattern = {"type": "string", "pattern": "^[A-Z]{3}-[0-9]{4}$"}
    with pytest.raises(ModelOutputInvalid, match="fit"):
        await Helper(Model({"code": "x"}), Bags()).call(
            asked("Open it"), [tool("open", "Open.", ["code"], code=pattern)]
        )


async def test_values_that_the_schema_forbids_are_no_candidates() -> None:
    pattern = {"type": "string", "pattern": "^[A-Z]{3}-[0-9]{4}$", "description": "The code."}
    call = await Helper(Model(), Bags()).call(
        asked("Open the door with the code now, it is ABC-1234"), [tool("open", "Open.", ["code"], code=pattern)]
    )
    assert call and call.arguments == {"code": "ABC-1234"}


async def test_a_default_stands_in_for_what_must_be_given() -> None:
    most = {"type": "integer", "default": 5, "description": "How many."}
    call = await Helper(Model(), Bags()).call(asked("List the news"), [tool("news", "List news.", ["most"], most=most)])
    assert call and call.arguments == {"most": 5}


async def test_where_words_are_allowed_an_unrelated_request_calls_nothing() -> None:
    helper = Helper(Model(), Bags())
    assert await helper.call(asked("Thanks, bye"), [TRIANGLE], must=False) is None
    assert await helper.call(asked("Calculate the area of a triangle, base 2, height 3"), [TRIANGLE], must=False)


async def test_a_tool_without_parameters() -> None:
    bare = {"type": "function", "function": {"name": "stop", "description": "Stop."}}
    call = await Helper(Model(), Bags()).call(asked("Stop"), [bare])
    assert call and call.arguments == {}


async def test_tools_are_embedded_once() -> None:
    bags = Bags()
    helper = Helper(Model(), bags)
    for city in ("Rome", "Oslo"):
        await helper.call(asked(f"Get the weather forecast of {city}"), [WEATHER])
    assert len(bags.seen) == len(set(bags.seen))


class Sentences:
    def __init__(self) -> None:
        self._model = MiniLM(threads=1)

    async def embed(self, texts: Sequence[str], *, lane: str = "", background: bool = False) -> Embedded:
        found = await asyncio.to_thread(self._model.embed, texts)
        assert np.isfinite(found).all()
        return Embedded(vectors=found.tolist(), tokens=0)

    async def close(self) -> None: ...


@pytest.fixture
async def helper() -> AsyncIterator[Helper]:
    weights = Weights(threads=1)
    model = LocalModel(weights.file(), weights, 2048)
    yield Helper(model, Sentences())
    await model.close()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
async def test_the_real_model_is_helped(helper: Helper) -> None:
    ship = tool(
        "ship_parcel", "Send a parcel to an address.", ["to", "size"],
        to={"type": "string", "description": "The city where it goes."},
        size={
            "type": "object", "properties": {"width": {"type": "integer"}, "height": {"type": "integer"}},
            "required": ["width", "height"], "additionalProperties": False,
        },
    )  # fmt: skip
    tools = [WEATHER, TRIANGLE, ship]
    wanted = {
        "What will the weather be like in Paris for the next 3 days?": ("weather.get", {"city": "Paris", "days": 3}),
        "Find the area of a triangle with base 6 and height 10.": ("triangle_area", {"base": 6, "height": 10}),
    }
    for text, (name, arguments) in wanted.items():
        call = await helper.call(asked(text), tools, must=False)
        assert call and (call.tool, call.arguments) == (name, arguments)
    call = await helper.call(asked("Send a parcel of 30 by 20 cm to Berlin."), tools)
    assert call and call.tool == "ship_parcel" and call.arguments["to"] == "Berlin" and call.written == ("size",)
    assert Draft202012Validator(ship["function"]["parameters"]).is_valid(dict(call.arguments))
    assert await helper.call(asked("Tell me a joke."), tools, must=False) is None
