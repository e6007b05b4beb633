"""Fixes that a machine applies: the finding goes away, comments stay, and nothing else changes."""

from __future__ import annotations

import pytest

from agents.compiler import compile_bundle
from agents.mending import mend
from agents.spec import format_app

from .compiler.examples import DONE, EXAMPLES, TOOLS, app, bundle, resources


@pytest.mark.parametrize("code", sorted(EXAMPLES))
def test_a_fix_takes_its_finding_away(code: str) -> None:
    example = EXAMPLES[code]
    before = compile_bundle(bundle(example.text), resources()).diagnostics
    mended = mend(bundle(example.text), resources())
    offered = any(one.code == code and one.fix is not None and one.fix.ops for one in before)
    assert (code in {one.code for one in mended.applied}) == offered
    if offered:
        assert sum(one.code == code for one in mended.left) < sum(one.code == code for one in before)


def test_many_findings_offer_a_fix() -> None:
    offered = {
        one.code
        for example in EXAMPLES.values()
        for one in compile_bundle(bundle(example.text), resources()).diagnostics
        if one.fix is not None and one.fix.ops
    }
    assert len(offered) >= 6, offered


def test_several_mistakes_are_mended_in_one_go() -> None:
    text = app(
        "  # the way to go\n"
        '  pick: {type: brnch, cases: {hot: "inputs.n > 3"}}\n'
        "  act: {type: tool, tool: plant.act, in: {tagg: P1}}\n"
        '  done: {type: end, in: {a: "${inputs.qq}"}}\n',
        needs=TOOLS,
        tail="edges: [[pick.hott, act]]\noutptus: {}\n",
    ).replace("outptus: {}\n", "")
    mended = mend(bundle(text), resources())
    assert [one.code for one in mended.left if one.severity == "error"] == []
    assert {one.code for one in mended.applied} >= {"BG201", "BG204", "BG205", "BG214"}
    assert "# the way to go" in mended.bundle.app_text
    assert format_app(mended.bundle.app_text) == mended.bundle.app_text


def test_a_sound_app_is_left_as_it_is() -> None:
    sound = bundle(app(DONE))
    mended = mend(sound, resources())
    assert mended.applied == ()
    assert mended.bundle is sound
