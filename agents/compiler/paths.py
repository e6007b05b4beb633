"""Phase 3: when each node runs, and whether every path through the app has exactly one end.

The body of a container is a graph of its own: its conditions are over its own choices, because what it requires from
around it is required by the container. There, every value that leaves must be there on every path.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..diagnostics import Fix, Op, Phrase
from ..graph import Need
from ..nodes.join import JoinConfig
from ..types import OptionalOf, Record, Type
from .conditions import ALWAYS, NEVER, Choice, Condition
from .draft import Draft, Node, Wire

__all__ = ["explore", "phrase"]

PRESENT = ("present", "absent")
UNENTERED = Phrase("no live edge leads to it", "没有任何有效的边通向它")
UNSUPPLIED = Phrase("what it reads is never there at once", "它所读取的内容不可能同时存在")


def explore(draft: Draft) -> None:
    """Fill `runs` and each node's `needs`, and report unreachable nodes and paths with no end or two."""
    for inner in draft.every():
        _explore(inner)
        _report_unreachable(inner)
        if inner.terminal is not None:
            _report_missing(inner, inner.terminal)
    _report_ends(draft)


def _explore(draft: Draft) -> None:
    for name in draft.order:
        node = draft.nodes[name]
        if node.exits:
            draft.conditions.declare(name, node.exits)
        _collect_needs(draft, node)
        draft.runs[name] = draft.conditions.both(_entered(draft, node), _supplied(draft, node))


def _collect_needs(draft: Draft, node: Node) -> None:
    if isinstance(node.view.config, JoinConfig):
        for place in node.places:
            node.arms[place.port or ""] = _needs(draft, [wire for wire in node.wires if wire.key == place.key])
    else:
        node.needs = _needs(draft, node.wires)


def _needs(draft: Draft, wires: Iterable[Wire]) -> list[Need]:
    wires = list(wires)
    optional = {(wire.reference.root, wire.reference.path) for wire in wires if wire.reference.optional}
    found: dict[Need, None] = {}
    for wire in wires:
        reference = wire.reference
        if not _own(draft, reference.root) or reference.optional or (reference.root, reference.path) in optional:
            continue
        found[_trimmed(draft, Need(reference.root, reference.path))] = None
    return list(found)


def _own(draft: Draft, root: str) -> bool:
    """Whether the graph itself decides if a name has a value: what is around a body is required by its container."""
    return root in draft.nodes or root in draft.names or (root == "inputs" and draft.outer is None)


def _trimmed(draft: Draft, need: Need) -> Need:
    """Cut the path after its last step that may be absent; what follows is there whenever that is."""
    steps = list(_optional_steps(draft, need))
    depth = steps[-1].count(".") if steps else min(1, len(need.path))
    return Need(need.root, need.path[:depth])


def _entered(draft: Draft, node: Node) -> Condition:
    if not node.edges:
        return ALWAYS
    return draft.conditions.any(_live(draft, edge.source, edge.handle) for edge in node.edges)


def _live(draft: Draft, source: str, handle: str | None) -> Condition:
    chosen = ALWAYS
    if handle is not None:
        chosen = draft.conditions.chosen(source, handle)
    elif draft.nodes[source].fails_over:
        chosen = draft.conditions.negation(draft.conditions.chosen(source, "error"))
    return draft.conditions.both(draft.runs[source], chosen)


def _supplied(draft: Draft, node: Node) -> Condition:
    conditions = draft.conditions
    if node.arms:
        return conditions.any(conditions.all(_present(draft, need) for need in arm) for arm in node.arms.values())
    return conditions.all(_present(draft, need) for need in node.needs)


def _present(draft: Draft, need: Need) -> Condition:
    """Return when the value is there: its node ran, did not fail over, and every optional step is present."""
    conditions = draft.conditions
    source = draft.nodes.get(need.root)
    steps = list(_optional_steps(draft, need))
    for step in steps:
        conditions.declare(step, PRESENT)
    present = conditions.all(conditions.chosen(step, "present") for step in steps)
    if source is None:
        return present
    there = draft.runs[need.root]
    if source.fails_over:
        failed = conditions.chosen(need.root, "error")
        wants_error = need.path[:1] == ("error",)
        there = conditions.both(there, failed if wants_error else conditions.negation(failed))
    port = source.surface.outputs.get(need.path[0]) if need.path else None
    if port is not None and port.only is not None:
        there = conditions.both(there, conditions.chosen(need.root, port.only))
    return conditions.both(there, present)


def _first(draft: Draft, root: str, step: str) -> Type | None:
    """Return the type of the first step of a read."""
    if root == "inputs":
        return draft.inputs[step].type if step in draft.inputs else None
    if root in draft.names:
        kind = draft.names[root]
        return kind.fields.get(step) if isinstance(kind, Record) else None
    port = draft.nodes[root].surface.outputs.get(step)
    return None if port is None else port.type


def _optional_steps(draft: Draft, need: Need) -> Iterator[str]:
    """Yield the steps of a read that may be absent, as paths from the root."""
    kind: Type | None = None
    name = need.root
    for at, step in enumerate(need.path):
        inner = kind.fields.get(step) if isinstance(kind, Record) else None
        kind = _first(draft, need.root, step) if at == 0 else inner
        if kind is None:
            return
        name = f"{name}.{step}"
        if isinstance(kind, OptionalOf):
            yield name
            kind = kind.inner


def _report_unreachable(draft: Draft) -> None:
    for name in draft.order:
        if draft.runs[name] == NEVER:
            node = draft.nodes[name]
            reason = UNENTERED if _entered(draft, node) == NEVER else UNSUPPLIED
            draft.report("BG208", node.view.pointer, node=name, name=name, reason=reason)


def _report_ends(draft: Draft) -> None:
    conditions = draft.conditions
    ends = [name for name in draft.order if draft.nodes[name].view.spec.type == "end"]
    if not ends:
        draft.report("BG211", "/nodes")
        return
    for at, first in enumerate(ends):
        for second in ends[at + 1 :]:
            together = conditions.both(draft.runs[first], draft.runs[second])
            if together != NEVER:
                names = {"first": first, "second": second, "when": phrase(conditions.example(together))}
                draft.report("BG210", draft.nodes[second].view.pointer, names, node=second)
    gap = conditions.negation(conditions.any(draft.runs[name] for name in ends))
    if gap != NEVER:
        choices = conditions.example(gap)
        missed = _missed(draft, ends, choices)
        node = missed[0] if missed else ends[0]
        fix = _optional_fix(draft, *missed) if missed else None
        text = Phrase("", "")
        if missed:
            english = f" {node!r} is skipped there, because {missed[1]} is absent."
            text = Phrase(english, f"{node!r} 在此被跳过，因为 {missed[1]} 不存在。")
        draft.report("BG209", draft.nodes[node].view.pointer, node=node, fix=fix, when=phrase(choices), hint=text)


def _report_missing(body: Draft, last: Node) -> None:
    """Report values that leave a body and are not there on some path through it."""
    conditions = body.conditions
    for place in last.places:
        wires = [wire for wire in last.wires if wire.key == place.key and not wire.reference.optional]
        for wire in wires:
            if not _own(body, wire.reference.root):
                continue
            need = _trimmed(body, Need(wire.reference.root, wire.reference.path))
            gap = conditions.negation(_present(body, need))
            if gap != NEVER and body.outer is not None:
                names = {"owner": body.owner, "place": place.key.rpartition("/")[2], "reference": str(need)}
                when = phrase(conditions.example(gap))
                body.outer.report("BG221", f"{last.view.pointer}{place.key}", names, node=body.owner, when=when)
                break


def _missed(draft: Draft, ends: Iterable[str], choices: list[Choice]) -> tuple[str, Need] | None:
    """Return the end that would run if one reference were there, and the reference."""
    holds = draft.conditions.holds
    for name in ends:
        node = draft.nodes[name]
        if holds(_entered(draft, node), choices):
            for need in node.needs:
                if not holds(_present(draft, need), choices):
                    return name, need
    return None


def _optional_fix(draft: Draft, name: str, need: Need) -> Fix | None:
    """Offer to read the absent value optionally, where the reference stands alone."""
    for place in draft.nodes[name].places:
        text = draft.specs[name].inputs.get(place.port or "")
        if text == f"${{{need}}}" and len(need.path) == 1 and place.port is not None:
            optional = isinstance(place.expects, OptionalOf)
            tail = "" if optional else ".orValue('')"
            value = f"${{{need.root}.?{need.path[0]}{tail}}}"
            path = f"{draft.nodes[name].view.pointer}/in/{place.port}"
            edit = Op(op="set", path=path, value=value)
            return Fix(f"Read it optionally: {value}", f"改为可选读取：{value}", (edit,))
    return None


def phrase(choices: list[Choice]) -> Phrase:
    """Say choices as `judge = abnormal, inputs.photo is absent`."""
    if not choices:
        return Phrase("the app runs", "应用运行")
    words = {"present": "存在", "absent": "不存在"}
    english = [f"{one.name} {'is' if one.value in PRESENT else '='} {one.value}" for one in choices]
    chinese = [f"{one.name} {words.get(one.value, f'= {one.value}')}" for one in choices]
    return Phrase(", ".join(english), ",".join(chinese))
