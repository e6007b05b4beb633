"""Bundles side by side, and merged."""

from __future__ import annotations

from typing import Any

import pytest

from agents.spec import Bundle
from agents.spec.compare import changes
from agents.spec.merging import Side, merge

BASE = """\
dsl: 1
app: {id: one, name: One, version: 0.1.0}
inputs: {q: string}
outputs: {a: string}
nodes:
  # looks things up
  look: {type: transform, out: {v: "${inputs.q}"}}
  done: {type: end, in: {a: "${look.v}"}}
edges: [[look, done]]
"""
PROMPT = "One.\nTwo.\nThree.\nFour.\nFive.\n"


def bundle(text: str = BASE, prompt: str | None = PROMPT, **more: str) -> Bundle:
    files = {"app.yaml": text.encode(), **({"prompts/p.md": prompt.encode()} if prompt is not None else {})}
    return Bundle(files={**files, **{name.replace("_", "."): content.encode() for name, content in more.items()}})


def told(before: Bundle, after: Bundle) -> list[tuple[Any, ...]]:
    return [(one.kind, one.file, one.path) for one in changes(before, after)]


def test_form_comments_order_and_layout_are_no_changes() -> None:
    other = BASE.replace("  # looks things up\n", "").replace("inputs: {q: string}", "inputs: {q: {type: string}}")
    other = other.replace("outputs: {a: string}\n", "").replace("edges:", "outputs:\n  a: string\nedges:")
    assert told(bundle(), bundle(other, layout_json="{}")) == []


def test_changes_are_named_by_their_places() -> None:
    other = BASE.replace("0.1.0", "0.2.0").replace("edges: [[look, done]]\n", "edges: [[look, more], [more, done]]\n")
    other = other.replace("  done:", '  more: {type: transform, out: {v: "1"}}\n  done:').replace(
        '"${look.v}"', '"${more.v}"'
    )
    assert told(bundle(), bundle(other, prompt=None)) == [
        ("changed", "app.yaml", "/app/version"),
        ("changed", "app.yaml", "/nodes/done/in/a"),
        ("added", "app.yaml", "/nodes/more"),
        ("removed", "app.yaml", "/edges"),
        ("added", "app.yaml", "/edges"),
        ("added", "app.yaml", "/edges"),
        ("removed", "prompts/p.md", ""),
    ]


def test_what_each_side_changed_alone_is_merged() -> None:
    ours = bundle(
        BASE.replace("0.1.0", "0.2.0")
        .replace("edges: [[look, done]]", "edges: [[look, mine], [look, done]]")
        .replace("  done:", "  mine: {type: reply, in: {text: hi}}\n  done:"),
        PROMPT.replace("One.", "First."),
    )
    theirs = bundle(
        BASE.replace("name: One", "name: Uno")
        .replace("edges: [[look, done]]", "edges: [[look, done], [done, theirs]]")
        .replace("  done:", "  theirs: {type: reply, in: {text: ho}}\n  done:"),
        PROMPT.replace("Five.", "Last."),
    )
    merged = merge(bundle(), ours, theirs)
    assert merged.conflicts == ()
    text = merged.bundle.app_text
    for part in ("0.2.0", "Uno", "mine:", "theirs:", "# looks things up", "[look, mine]", "[done, theirs]"):
        assert part in text
    assert merged.bundle.text("prompts/p.md") == "First.\nTwo.\nThree.\nFour.\nLast.\n"


def test_what_one_side_deleted_is_gone() -> None:
    ours = bundle(BASE.replace("edges: [[look, done]]\n", ""), prompt=None)
    merged = merge(bundle(), ours, bundle(BASE.replace("0.1.0", "0.1.1")))
    assert merged.conflicts == ()
    assert "edges" not in merged.bundle.app_text
    assert "prompts/p.md" not in merged.bundle.files


@pytest.mark.parametrize(("prefer", "kept"), [("ours", "0.2.0"), ("theirs", "0.3.0")])
def test_a_conflict_is_named_and_a_side_is_taken(prefer: Side, kept: str) -> None:
    ours = bundle(BASE.replace("0.1.0", "0.2.0"), PROMPT.replace("Two.", "2."))
    theirs = bundle(BASE.replace("0.1.0", "0.3.0"), PROMPT.replace("Two.", "II."))
    merged = merge(bundle(), ours, theirs, prefer=prefer)
    assert [(one.file, one.path) for one in merged.conflicts] == [("app.yaml", "/app/version"), ("prompts/p.md", "")]
    assert merged.conflicts[0].to_json() == {
        "file": "app.yaml", "path": "/app/version", "base": "0.1.0", "ours": "0.2.0", "theirs": "0.3.0",
    }  # fmt: skip
    assert kept in merged.bundle.app_text


def test_a_change_against_a_deletion_is_a_conflict() -> None:
    ours = bundle(BASE.replace('  look: {type: transform, out: {v: "${inputs.q}"}}\n', ""))
    theirs = bundle(BASE.replace('{v: "${inputs.q}"}', '{v: "${inputs.q}!"}'))
    assert [one.path for one in merge(bundle(), ours, theirs).conflicts] == ["/nodes/look"]
