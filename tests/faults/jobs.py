"""Three shapes of graphs with effects, and what each of them comes to when nothing goes wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from agents.compiler import compile_bundle
from agents.graph import CompiledApp
from agents.spec import Bundle, ModelInfo, Resources, ToolInfo, ToolPolicy
from agents.spec.resources import EffectClass

from .world import value_of

__all__ = ["SCHEMA", "SHAPES", "Job", "apps", "expected", "steps"]

HEAD = (
    "dsl: 1\napp: {id: NAME, name: Siege, version: 0.1.0}\n"
    "requires: {tools: {t: {server: s, allow: [keyed, once]}}}\n"
    "inputs: {job: string}\noutputs: {n: integer}\n"
)


def tool(name: str, kind: str, step: str) -> str:
    """Return a node that acts on the world."""
    return f"  {name}: {{type: tool, tool: t.{kind}, in: {{job: '${{inputs.job}}', step: '{step}'}}}}\n"


CHAIN = (
    HEAD.replace("NAME", "chain")
    + "state: {sum: {type: integer, default: 0, reducer: add}}\nnodes:\n"
    + tool("first", "keyed", "first")
    + "  keep: {type: set, write: {sum: '${first.result.n}'}}\n"
    + tool("second", "once", "second")
    + "  done: {type: end, in: {n: '${state.sum + second.result.n}'}}\n"
    + "edges: [[first, keep], [keep, second]]\n"
)
FAN = (
    HEAD.replace("NAME", "fan")
    + "nodes:\n"
    + tool("start", "keyed", "start")
    + "  pick: {type: branch, cases: {odd: start.result.n % 2 == 1}}\n"
    + tool("left", "keyed", "left")
    + tool("right", "keyed", "right")
    + tool("side", "keyed", "side")
    + "  done: {type: end, in: {n: '${left.?result.n.orValue(0) + right.?result.n.orValue(0) + side.result.n}'}}\n"
    + "edges: [[pick.odd, left], [pick.else, right], [start, side]]\n"
)
LOOP = (
    HEAD.replace("NAME", "loop")
    + "nodes:\n"
    + "  again:\n    type: loop\n    max: 2\n    init: {n: 0}\n    body:\n      nodes:\n"
    + "        sign: {type: human, actions: [ok]}\n"
    + "        act: {type: tool, tool: t.keyed, in: {job: '${inputs.job}', step: 'round${round}'}}\n"
    + "      edges: [[sign.ok, act]]\n"
    + "      out: {n: '${prev.n + act.result.n}'}\n"
    + "  done: {type: end, in: {n: '${again.n}'}}\n"
)
SHAPES = {"chain": CHAIN, "fan": FAN, "loop": LOOP}
STEPS = {"chain": ("first", "second"), "loop": ("round1", "round2")}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"job": {"type": "string"}, "step": {"type": "string"}},
    "required": ["job", "step"],
}
RESULT: dict[str, Any] = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


@dataclass(frozen=True, slots=True)
class Job:
    """A run to be made: its name in the world, and its shape."""

    name: str
    shape: str


def resources(*, ledger: bool) -> Resources:
    """Return the tools; without the ledger, the engine takes them for harmless and calls as often as it likes."""

    def policy(kind: Literal["keyed", "once"]) -> ToolPolicy:
        effect_class: EffectClass = kind if ledger else "pure"
        return ToolPolicy(
            effect_class=effect_class, effect="reversible", reads="trusted", private=False, approval="never"
        )

    kinds: tuple[Literal["keyed", "once"], ...] = ("keyed", "once")
    tools = {
        kind: ToolInfo(name=kind, description=kind, input_schema=SCHEMA, output_schema=RESULT, policy=policy(kind))
        for kind in kinds
    }
    models = {"main": (ModelInfo(id="scripted/echo", caps=frozenset({"chat"}), context=4096),)}
    return Resources(servers={"s": tools}, models=models, complete=True)


def apps(*, ledger: bool) -> dict[str, CompiledApp]:
    """Compile the shapes."""
    found: dict[str, CompiledApp] = {}
    for name, text in SHAPES.items():
        made = compile_bundle(Bundle(files={"app.yaml": text.encode()}), resources(ledger=ledger))
        if made.app is None:
            raise AssertionError([one.en for one in made.diagnostics])
        found[name] = made.app
    return found


def steps(job: Job) -> tuple[str, ...]:
    """Return what a job does to the world."""
    if job.shape != "fan":
        return STEPS[job.shape]
    return ("start", "left" if value_of(job.name, "start") % 2 == 1 else "right", "side")


def expected(job: Job) -> int:
    """Return what a job comes to."""
    done = [value_of(job.name, step) for step in steps(job)]
    return sum(done[1:]) if job.shape == "fan" else sum(done)
