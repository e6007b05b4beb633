"""Apps and random data that several tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hypothesis import strategies as st

from agents.spec.pointer import child
from runtime.base.errors import Json

EXAMPLE = (Path(__file__).parent / "example.yaml").read_text(encoding="utf-8")
"""The example of the language's documentation, in the author's own layout."""

MINIMAL = "dsl: 1\napp: {id: tiny, name: Tiny, version: 0.1.0}\nnodes:\n  done: {type: end}\n"

TRICKY = [
    *(
        "no",
        "on",
        "Yes",
        "y",
        "012",
        "1_000",
        "0o17",
        "0x1f",
        "1:30",
        "~",
        "2026-11-21",
        ".inf",
        "1e3",
        "+1",
        "-.5",
        "1.",
    ),
    *("", "null", "true", "=", "<<", "---", "...", "- a", "- ", "a: b", "a:", ":a", "a #b", "#x", "|", "? a", "a,b"),
    *("{", "]", "%a", "@a", "`", "!x", "&x", "*x", "'", '"', "\\", "a\nb", "a\n b\n", " a\nb", "\n", "a\n\n", "\na\n"),
    *("a  \n  \nb", "\tx\ny", "x\n\ty", "a\n  \n", "x\n#y", "a\n...\nb", "a\n---\nb", "ends ", "ends \nx", "a\rb"),
    *(
        "\u2028",
        "\ufeff",
        "\x85",
        "a\x00b",
        "\u200d",
        "\u3000a",
        "a\u3000",
        "é",
        "水 泵",
        "机器,泵",
        "𝄞",
        "list<T>",
        "A | B",
    ),
]
"""Texts that YAML readers like to take for something else."""

texts = st.one_of(
    st.sampled_from(TRICKY),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    st.text(alphabet="ab \n\t#:-'\"{}[],|", max_size=12),
)
keys = st.one_of(
    st.sampled_from(["dsl", "app", "nodes", "requires", "edges", "in", "type", "label", "body", "retry", "a", "b"]),
    texts,
)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53) + 1, 2**53 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    texts,
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=4)),
    max_leaves=20,
)
documents = st.dictionaries(keys, values, max_size=6)


def pointers(value: Json, above: str = "") -> Iterator[str]:
    """The pointers of everything inside a value."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        yield child(above, key)
        yield from pointers(inner, child(above, key))


def same(one: Json, other: Json) -> bool:
    """Whether two values are equal and of the same types throughout: 1 is neither 1.0 nor true."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other


def large(nodes: int = 300) -> str:
    """An app of many nodes in several styles, with comments."""
    lines = ["dsl: 1", "app: {id: large, name: Large, version: 0.1.0}", "nodes:"]
    for number in range(nodes // 3):
        lines += [
            f"  # reads sensor {number}",
            f'  read{number}: {{type: tool, tool: plant.read, in: {{tag: P-{number}, note: "${{inputs.question}}"}}}}',
            f'  judge{number}: {{type: branch, cases: {{abnormal: "read{number}.result.vibration > 7.1"}}}}',
            f"  plan{number}:",
            "    type: agent",
            "    strategy: plan_execute",
            "    model: main",
            "    tools: [plant.open_ticket]",
            '    in: {goal: "${inputs.question}", context: "${look.passages}"}',
        ]
    edges = ", ".join(f"[judge{number}.abnormal, plan{number}]" for number in range(nodes // 3))
    return "\n".join([*lines, f"edges: [{edges}]", ""])
