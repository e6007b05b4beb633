from __future__ import annotations

import math
import time
from typing import Any

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from agents.errors import BundleError
from agents.spec import Comments, dump_app, format_app, parse_yaml, read_comments
from runtime.base.errors import Json

from .samples import EXAMPLE, documents, large, pointers, same

CANONICAL = """\
dsl: 1
app: {id: pump-doctor, name: {en: Pump doctor, zh: 泵机医生}, version: 0.1.0}
types: {Reading: {tag: string, value: number, note: optional<string>}}
inputs: {question: string, readings: {type: list<Reading>, default: []}, photo: optional<file>}
outputs: {report: string, sources: list<Citation>}
# run | session | user | app
state: {tries: {type: integer, default: 0, reducer: add, scope: run}}
requires:
  models: {main: {caps: [chat], prefer: [local/smollm2], fallback: [remote/any], slo: {p95_s: 20, usd: 0.002}}}
  tools: {plant: {server: plant-data, allow: [read_sensor, open_ticket]}}
  knowledge: {manuals: {recipe: kb/manuals.yaml}}
  skills: [vibration-analysis]
  secrets: [PLANT_TOKEN]
# stop | degrade | ask
budget: {usd: 0.05, tokens: 30000, seconds: 120, tool_calls: 12, on_exceed: stop}
nodes:
  read: {type: tool, tool: plant.read_sensor, in: {tag: P-101}}
  judge: {type: branch, cases: {abnormal: "read.result.vibration > 7.1"}}
  look: {type: retrieve, from: manuals, in: {query: "vibration ${read.result.vibration} mm/s"}}
  plan:
    type: agent
    strategy: plan_execute
    model: main
    tools: [plant.open_ticket]
    approve: effects
    in: {goal: "${inputs.question}", context: "${look.passages}"}
  sign:
    type: human
    actions: [approve, reject]
    form: {note: optional<string>}
    wait: 2h
    on_timeout: reject
    in: {draft: "${plan.answer}"}
  done: {type: end, in: {report: "${plan.answer}", sources: "${look.citations}"}}
  refused: {type: end, in: {report: "Rejected: ${sign.?note.orValue('no reason given')}", sources: []}}
  calm: {type: end, in: {report: "Normal: ${read.result.vibration} mm/s", sources: []}}
edges: [[judge.abnormal, look], [judge.else, calm], [sign.approve, done], [sign.reject, refused]]
tests: {suite: tests/cases.jsonl, metrics: [{citation_valid: report}], gate: {citation_valid: ">= 0.95"}}
publish:
  chat: {message: inputs.question, reply: outputs.report}
  api: true
  openai: true
  mcp: {tool: diagnose_pump}
  widget: {origins: ["https://plant.example"]}
policy: {egress: [plant.example], pii: mask, retain_days: 30, waivers: []}
"""


def test_the_example() -> None:
    assert format_app(EXAMPLE) == CANONICAL
    assert format_app(CANONICAL) == CANONICAL


def test_the_order_of_keys() -> None:
    text = format_app(
        "nodes: {b: {timeout: 5s, in: {}, model: m, label: L, prompt: p,\n"
        "  type: llm, on_error: branch}, a: {type: end}}\n"
        "app: {version: 1.0.0, id: x, name: X}\nstrange: 1\ndsl: 1\n"
    )
    assert text == (
        "dsl: 1\n"
        "app: {id: x, name: X, version: 1.0.0}\n"
        "nodes:\n"
        "  b: {type: llm, label: L, model: m, prompt: p, in: {}, on_error: branch, timeout: 5s}\n"
        "  a: {type: end}\n"
        "strange: 1\n"
    )


def test_bodies_are_graphs() -> None:
    text = format_app("nodes: {m: {body: {out: {x: a.b}, edges: [], nodes: {a: {in: {}, type: end}}}, type: map}}")
    assert text == (
        "nodes:\n  m:\n    type: map\n    body:\n      nodes:\n        a: {type: end, in: {}}\n"
        "      edges: []\n      out: {x: a.b}\n"
    )


def test_what_fits_stands_on_one_line() -> None:
    fits: Json = {"edges": [["a" * 50, "b" * 57]]}
    assert dump_app(fits) == f"edges: [[{'a' * 50}, {'b' * 57}]]\n"
    assert len(dump_app(fits)) == 121
    longer: Json = {"edges": [["a" * 50, "b" * 58]]}
    assert dump_app(longer) == f"edges:\n  - [{'a' * 50}, {'b' * 58}]\n"


def test_texts_of_several_lines_are_blocks() -> None:
    assert dump_app({"a": "x\ny", "b": "x\n\n  y\n", "c": ["x\ny\n"]}) == (
        "a: |-\n  x\n  y\nb: |\n  x\n\n    y\nc:\n  - |\n    x\n    y\n"
    )


@pytest.mark.parametrize("text", [" x\ny", "\tx\ny", "x\n\n", "\n", "x\n ", "x\ny\u2028z", "x\ry\nz"])
def test_texts_that_no_block_can_hold(text: str) -> None:
    written = dump_app({"a": text})
    assert written.startswith('a: "')
    assert written.count("\n") == 1
    assert parse_yaml(written).data == {"a": text}


def test_structures_in_lists() -> None:
    long = "x" * 120
    data: Json = {"a": [{"b": long, "c": 1}, [[long], 2], {}, []]}
    assert dump_app(data) == f"a:\n  - b: {long}\n    c: 1\n  - - - {long}\n    - 2\n  - {{}}\n  - []\n"


COMMENTED = """\
# licence

# about
dsl: 1   # version

nodes:

  # first

  a: {type: x, zz: {  # inside
     q: 1}, label: l}   # trailing
  b:
    prompt: |   # header

      # no comment


    type: llm
    # list
    ls:
    - # dash
      # own
      k: "a # b"
      l: [1, # in
        2]
    - - a#b # deep
      - b
  # tail


edges: [
 [a, b],  # one
 # two
 [c, d]
]
#fin

"""


def test_comments_survive() -> None:
    assert format_app(COMMENTED) == (
        "# licence\n\n# about\n# version\ndsl: 1\n\nnodes:\n  # first\n\n  # inside\n"
        "  a:\n    type: x\n    label: l\n    zz:\n      # trailing\n      q: 1\n"
        "  b:\n    type: llm\n    # header\n    prompt: |\n\n      # no comment\n"
        '    # list\n    ls:\n      # dash\n      # own\n      - k: "a # b"\n        # in\n        l: [1, 2]\n'
        '      # deep\n      - ["a#b", b]\n'
        "# tail\n\nedges:\n  # one\n  - [a, b]\n  # two\n  - [c, d]\n#fin\n"
    )


def test_comments_move_with_their_keys() -> None:
    assert format_app("# nodes\nnodes: {}\n# version\ndsl: 1\n") == "# version\ndsl: 1\n# nodes\nnodes: {}\n"


def test_comments_of_vanished_entries_are_left_out() -> None:
    comments = Comments({"/a": ("# a",), "/gone/deep": ("# gone",), "/l/7": ("# gone",)}, ("# end",))
    assert dump_app({"a": 1, "l": [1]}, comments) == "# a\na: 1\nl: [1]\n# end\n"


@pytest.mark.parametrize("text", ["", "a: [", "- a\n", "just text", "a: yes", "a: 1\na: 2", "a: &x 1"])
def test_what_is_not_valid_is_not_formatted(text: str) -> None:
    with pytest.raises(BundleError):
        format_app(text)


def test_errors_say_where() -> None:
    with pytest.raises(BundleError) as caught:
        format_app("dsl: 1\nnodes: {a: {cache: yes}}\n")
    assert caught.value.where == "app.yaml:2:20"
    assert caught.value.fix is not None


@pytest.mark.parametrize("value", [math.nan, math.inf, 2**60, "\ud800", {"k" * 201: 1}, {"\udfff": 1}])
def test_values_that_yaml_cannot_carry(value: Any) -> None:  # noqa: ANN401 - some are no JSON
    with pytest.raises(BundleError, match="cannot be written"):
        dump_app({"a": [value]})


@settings(max_examples=40)
@given(documents)
def test_data_survives(data: dict[str, Json]) -> None:
    text = dump_app(data)
    parsed = parse_yaml(text)
    assert parsed.diagnostics == []
    assert same(parsed.data, data)
    assert format_app(text) == text
    assert text.endswith("\n")
    assert not text.startswith("\n")


notes = st.lists(st.sampled_from(["", "# c", "#", "# x: y", "#  'q", "#!", "# 泵"]), min_size=1, max_size=3).map(tuple)


@settings(max_examples=40)
@given(documents, st.data())
def test_comments_and_data_survive(data: dict[str, Json], draw: st.DataObject) -> None:
    known = list(pointers(data))
    above = draw.draw(st.dictionaries(st.sampled_from(known), notes, max_size=3)) if known else {}
    end = draw.draw(st.sampled_from([(), ("# end",), ("", "# end", "# of it")]))
    text = dump_app(data, Comments(above, end))
    parsed = parse_yaml(text)
    assert parsed.diagnostics == []
    assert same(parsed.data, data)
    wanted = sorted(line for lines in [*above.values(), end] for line in lines if line)
    assert comment_lines(text) == wanted
    once = format_app(text)
    assert comment_lines(once) == wanted
    assert format_app(once) == once


@settings(max_examples=40)
@given(
    documents,
    st.sampled_from([None, True, False]),
    st.sampled_from([None, '"', "'", "|", ">"]),
    st.integers(20, 200),
    st.data(),
)
def test_any_layout_keeps_data_and_comments(
    data: dict[str, Json], flow: bool | None, style: str | None, width: int, draw: st.DataObject
) -> None:
    source = yaml.safe_dump(
        data, default_flow_style=flow, default_style=style, width=width, allow_unicode=True, sort_keys=False
    )
    plain = parse_yaml(source)
    assume(not plain.diagnostics)
    starts = sorted({place.key_line or place.line for place in plain.positions.places.values()})
    chosen = draw.draw(st.lists(st.sampled_from(starts), max_size=3, unique=True))
    lines = source.split("\n")
    for number in sorted(chosen, reverse=True):
        lines.insert(number - 1, f"   # above line {number}")
    commented = "\n".join(lines)
    parsed = parse_yaml(commented)
    assume(not parsed.diagnostics and same(parsed.data, plain.data))
    text = format_app(commented)
    assert same(parse_yaml(text).data, plain.data)
    assert format_app(text) == text
    assert comment_lines(text) == sorted(f"# above line {number}" for number in chosen)


def comment_lines(text: str) -> list[str]:
    found = read_comments(text, parse_yaml(text).positions)
    return sorted(line for lines in [*found.above.values(), found.end] for line in lines if line)


def test_a_large_app_is_formatted_quickly() -> None:
    text = large(300)
    started = time.perf_counter()
    once = format_app(text)
    assert time.perf_counter() - started < 2
    assert format_app(once) == once
    assert once.count("# reads sensor") == 100
