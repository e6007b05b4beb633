"""`guard` and `judge`, run by the engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.compiler import compile_bundle
from agents.context import ModelReply, ModelRequest
from agents.spec import Bundle
from runtime.base.errors import Json
from tests.runtime.orchestration.bench import HEAD, RESOURCES, Answers, bench, compiled

pytestmark = pytest.mark.anyio

GUARD = HEAD + (
    "inputs: {v: json}\noutputs: {said: string}\ntypes: {Reading: {tag: string, value: number}}\nnodes:\n"
    "  check: {type: guard, KEYS, in: {value: '${inputs.v}'}}\n"
    "  fine: {type: end, in: {said: 'OUT'}}\n"
    "  bad: {type: end, in: {said: '${check.problems[0]}'}}\n"
    "edges: [[check.pass, fine], [check.fail, bad]]\n"
)


async def guarded(folder: Path, keys: str, out: str, value: Json) -> str:
    text = GUARD.replace("KEYS", keys).replace("OUT", out)
    if "schema" not in keys:
        text = text.replace("{v: json}", "{v: string}")
    async with bench(folder) as on:
        record = await on.engine.wait((await on.engine.accept(compiled(text), {"v": value})).id)
        assert record.outputs is not None, record.error
        return str(record.outputs["said"])


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"tag": "P1", "value": 3}, "P1 3"),
        ('{"tag": "P1", "value": 2.5}', "P1 2.5"),
        ({"tag": "P1"}, "value"),
        ("not json", "no JSON"),
        ({"tag": 5, "value": 1}, "tag"),
    ],
)
async def test_a_value_passes_in_its_shape_only(tmp_path: Path, value: Json, said: str) -> None:
    assert said in await guarded(tmp_path, "schema: Reading", "${check.value.tag} ${check.value.value}", value)


@pytest.mark.parametrize(
    ("text", "said"), [("order A-17 ok", "order A-17 ok"), ("no number", "does not hold"), ("A-1 secret", "it holds")]
)
async def test_a_text_passes_by_its_patterns_only(tmp_path: Path, text: str, said: str) -> None:
    keys = "must: ['[A-Z]-[0-9]+'], must_not: [secret]"
    assert said in await guarded(tmp_path, keys, "${check.value}", text)


def problems(text: str) -> list[tuple[str, str]]:
    found = compile_bundle(Bundle(files={"app.yaml": text.encode()}), RESOURCES)
    return [(one.code, one.path) for one in found.diagnostics if one.severity == "error"]


def test_what_passed_is_there_on_its_own_way_only() -> None:
    text = GUARD.replace("KEYS", "schema: Reading").replace("OUT", "${check.value.tag}")
    assert problems(text) == []
    wrong = text.replace("${check.problems[0]}", "${check.value.tag}")
    assert ("BG208", "/nodes/bad") in problems(wrong)


def test_patterns_and_emptiness_are_checked() -> None:
    text = GUARD.replace("OUT", "x")
    assert problems(text.replace("KEYS", "must: ['(']")) == [("BG105", "/nodes/check/must/0")]
    assert problems(text.replace("KEYS, ", "")) == [("BG105", "/nodes/check")]


JUDGE = HEAD + (
    "inputs: {t: string}\noutputs: {said: string, score: number}\nrequires: {models: {main: {}}}\nnodes:\n"
    "  rate: {type: judge, model: main, criteria: 'It is polite to ${who}.', KEYS\n"
    "    in: {text: '${inputs.t}', who: Ann}}\n"
    "  good: {type: end, in: {said: 'good ${rate.reason}', score: '${rate.score}'}}\n"
    "  poor: {type: end, in: {said: poor, score: '${rate.score}'}}\n"
    "edges: [[rate.pass, good], [rate.fail, poor]]\n"
)


class Judged(Answers):
    """A model that gives one answer, with likelihoods or without."""

    def __init__(self, text: str, scores: dict[str, float]) -> None:
        super().__init__()
        self.text, self.scores = text, scores

    def reply(self, request: ModelRequest) -> ModelReply:
        return ModelReply(text=self.text, scores=self.scores) if request.choices else ModelReply(text="Because.")


async def judged(folder: Path, model: Judged, keys: str = "") -> dict[str, Json]:
    async with bench(folder, models=model) as on:
        info = await on.engine.accept(compiled(JUDGE.replace("KEYS", keys)), {"t": "Hello"})
        record = await on.engine.wait(info.id)
        if record.outputs is None:
            return {"error": record.error and record.error["code"]}
        return record.outputs


async def test_a_score_is_the_weighted_mean_of_likelihoods(tmp_path: Path) -> None:
    model = Judged("4", {"4": 0.5, "5": 0.5})
    assert await judged(tmp_path, model) == {"said": "good ", "score": 4.5}
    assert "polite to Ann" in model.calls[0].messages[0].content
    assert model.calls[0].choices == ("1", "2", "3", "4", "5")


async def test_without_likelihoods_the_answer_counts(tmp_path: Path) -> None:
    assert await judged(tmp_path, Judged("2", {})) == {"said": "poor", "score": 2.0}
    assert await judged(tmp_path, Judged("7", {}), "scale: 10, threshold: 7,") == {"said": "good ", "score": 7.0}
    assert await judged(tmp_path, Judged("fine", {})) == {"error": "BG704"}


async def test_reasons_come_before_the_number(tmp_path: Path) -> None:
    model = Judged("5", {})
    assert await judged(tmp_path, model, "explain: true,") == {"said": "good Because.", "score": 5.0}
    assert len(model.calls) == 2
    assert model.calls[1].messages[-2].content == "Because."


def test_a_threshold_must_be_on_the_scale() -> None:
    assert problems(JUDGE.replace("KEYS", "threshold: 9,")) == [("BG105", "/nodes/rate/threshold")]
