"""Each diagnostic is triggered by its example, at its place, and not by the same app without the mistake."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.compiler import compile_bundle
from agents.diagnostics import CATALOG
from agents.spec import DatabaseInfo

from .examples import DONE, EXAMPLES, RATE, app, bundle, resources
from .mends import MENDS, shown


def test_every_code_has_an_example() -> None:
    assert set(EXAMPLES) | {"BG410"} == set(CATALOG)


@pytest.mark.parametrize("code", sorted(EXAMPLES))
def test_the_example_is_found(code: str) -> None:
    example = EXAMPLES[code]
    found = compile_bundle(bundle(example.text), replace(resources(), apps=example.apps))
    places = [(one.code, one.path) for one in found.diagnostics]
    assert (code, example.path) in places, [(one.code, one.path, one.en) for one in found.diagnostics]
    [finding] = [one for one in found.diagnostics if (one.code, one.path) == (code, example.path)][:1]
    assert finding.severity == CATALOG[code].severity
    assert (found.app is None) == any(one.severity == "error" for one in found.diagnostics)
    assert finding.line is not None
    assert "{" not in finding.en.replace("${", "") or "{" in example.text


@pytest.mark.parametrize("code", sorted(EXAMPLES))
def test_what_is_right_is_not_reported(code: str) -> None:
    """The example with its one mistake mended: the finding is gone, and no other error has come."""
    wrong, right = MENDS[code]
    example = EXAMPLES[code]
    assert wrong in example.text
    known = replace(resources(), apps={"sub": replace(RATE, digest=("1" if code == "BG417" else "0") * 64)})
    if code == "BG417":
        known = replace(known, apps={"sub": replace(RATE, digest="1" * 64, latest="1" * 64)})
    if code == "BG407":
        known = replace(known, bases={"docs": replace(known.bases["docs"], languages=("en",))})
    if code == "BG420":
        known = replace(known, databases={"db": DatabaseInfo(name="mes")})
    found = compile_bundle(bundle(example.text.replace(wrong, right) if wrong else example.text), known)
    left = [(one.code, one.path, one.en) for one in found.diagnostics if one.severity == "error" or one.code == code]
    assert left == []


@pytest.mark.parametrize("code", sorted(MENDS))
def test_the_page_shows_what_is_wrong_and_what_is_right(code: str) -> None:
    page = (Path(__file__).parents[3] / "docs" / "diagnostics.md").read_text(encoding="utf-8")
    section = page.partition(f"### {code} ")[2].partition("\n#")[0]
    wrong, right = MENDS[code]
    if wrong:
        assert f"- wrong: `{shown(wrong)}`\n- right: `{shown(right)}`" in section
    else:
        assert "\n- right: " in section


def test_a_sound_app_has_no_findings() -> None:
    assert compile_bundle(bundle(app(DONE)), resources()).diagnostics == ()


def test_what_is_not_locked_is_a_warning() -> None:
    needs = "requires: {tools: {p: {server: plant, allow: [read]}}}\n"
    found = compile_bundle(bundle(app(DONE, needs=needs)))
    assert [(one.code, one.severity) for one in found.diagnostics] == [("BG410", "warning")]
    assert found.app is not None


@given(st.text(max_size=200))
@settings(max_examples=60, deadline=None)
def test_any_text_is_answered_not_thrown_at(text: str) -> None:
    found = compile_bundle(bundle(text))
    assert found.app is None
    assert found.diagnostics


@given(st.integers(0, 10_000), st.integers(1, 30))
@settings(max_examples=120, deadline=None)
def test_a_damaged_app_is_answered_not_thrown_at(at: int, length: int) -> None:
    text = EXAMPLES["BG503"].text
    at %= len(text)
    found = compile_bundle(bundle(text[:at] + text[at + length :]), resources())
    assert (found.app is None) == any(one.severity == "error" for one in found.diagnostics)


@pytest.mark.parametrize(
    ("tail", "nodes", "path"),
    [
        ("budget: {usd: 0}\n", DONE, "/budget/usd"),
        ("budget: {per_day: {tokens: -1}}\n", DONE, "/budget/per_day/tokens"),
        ("budget: {per_day: {usd: 1}, per_user: {usd: 2}}\n", DONE, "/budget/per_user/usd"),
        ("budget: {turns: 3}\n", "  m: {type: llm, model: main, prompt: x, budget: {turns: 4}}\n" + DONE,
         "/nodes/m/budget/turns"),
        ("", "  m: {type: llm, model: main, prompt: x, budget: {seconds: 0}}\n" + DONE, "/nodes/m/budget/seconds"),
    ],
)  # fmt: skip
def test_limits_that_cannot_be_kept_are_reported_where_they_stand(tail: str, nodes: str, path: str) -> None:
    found = compile_bundle(bundle(app(nodes, needs="requires: {models: {main: {}}}\n", tail=tail)), resources())
    assert [(one.code, one.path) for one in found.diagnostics if one.severity == "error"] == [("BG601", path)]
