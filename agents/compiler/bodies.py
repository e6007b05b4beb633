"""The bodies of containers: their own names, what they take from around them, and what may not stand in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..diagnostics import Fix, Op, Phrase
from ..manifest import Surface
from ..nodes.container import OUT, Container
from ..spec.ids import id_problem
from ..types import JSON
from .draft import Draft, Node, Wire

__all__ = ["check_bodies", "hoisted", "open_body"]

NODE = Phrase("a node around it", "外层的节点")
OWN = Phrase("its container", "其所在的容器")
PORT = Phrase("the node itself, which has a port of that name", "节点自身，它已有同名端口")
ENDS = Phrase("only the app itself ends", "只有应用本身才有终点")


def open_body(draft: Draft, node: Node, kind: Container) -> None:
    """Give a container's node an empty draft of its body."""
    view, place = node.view, f"{node.view.pointer}/body"
    body = kind.body(view)
    inner = Draft(
        scope=draft.scope,
        inputs=draft.inputs,
        specs=body.nodes,
        links=body.edges,
        place=place,
        prefix=f"{draft.prefix}{node.id}.",
        owner=node.id,
        outer=draft,
        names=dict.fromkeys(kind.names(view), JSON),
        diagnostics=draft.diagnostics,
    )
    inner.terminal = Node(view=view, kind=kind, surface=Surface())
    node.body = inner
    for name in () if kind.shadows else inner.names:
        _visible(draft, inner, name, f"{view.pointer}/as")
    for name in body.nodes:
        path = f"{place}/nodes/{name}"
        problem = id_problem(name, root=True)
        if problem is not None:
            inner.report("BG106", path, node=name, id=name, problem=problem)
        _visible(draft, inner, name, path)
        if name in inner.names:
            inner.report("BG216", path, node=name, name=name, what=OWN)
    for name in body.out:
        if name in kind.taken:
            draft.report("BG216", f"{view.pointer}{OUT}{name}", node=node.id, name=name, what=PORT)


def _visible(draft: Draft, inner: Draft, name: str, path: str) -> None:
    """Report a name that would hide one from around the container."""
    for around in draft.around():
        if name in around.specs:
            inner.report("BG216", path, node=name if name in inner.specs else None, name=name, what=NODE)
        elif name in around.names:
            inner.report("BG216", path, node=name if name in inner.specs else None, name=name, what=OWN)


def hoisted(body: Draft) -> Iterator[Wire]:
    """Yield what the nodes and values of a body read from around it, as reads of the container.

    What one of them requires, the container requires: without it, the container does not run at all.
    """
    found: dict[tuple[str, tuple[str, ...]], Wire] = {}
    for key, node in _readers(body):
        optional = {_read(wire) for wire in node.wires if wire.reference.optional}
        for wire in node.wires:
            root = wire.reference.root
            if root in body.nodes or root in body.names:
                continue
            path = _read(wire)
            loose = path in optional
            known = found.get(path)
            if known is None or (known.reference.optional and not loose):
                found[path] = Wire(f"{key}{wire.key}", replace(wire.reference, optional=loose), inner=True)
    yield from found.values()


def _readers(body: Draft) -> Iterator[tuple[str, Node]]:
    for name, node in body.nodes.items():
        yield f"/body/nodes/{name}", node
    if body.terminal is not None:
        yield "", body.terminal


def _read(wire: Wire) -> tuple[str, tuple[str, ...]]:
    return wire.reference.root, wire.reference.path


def check_bodies(draft: Draft) -> None:
    """Report ends in bodies, and maps without a limit in which somebody is asked."""
    for inner in draft.every():
        if inner.outer is None or inner.owner is None:
            continue
        for name, spec in inner.specs.items():
            if spec.type == "end":
                path = f"{inner.place}/nodes/{name}"
                inner.report("BG218", path, node=name, type=spec.type, reason=ENDS)
        owner = inner.outer.nodes[inner.owner]
        if isinstance(owner.kind, Container) and owner.kind.unlimited(owner.view) and _asks(inner):
            path = owner.view.pointer
            fix = Fix("Add max_items: 50", "加上 max_items: 50", (Op(op="set", path=f"{path}/max_items", value=50),))
            inner.outer.report("BG220", path, node=owner.id, fix=fix, owner=owner.id)


def _asks(body: Draft) -> bool:
    return any(spec.type == "human" for draft in body.every() for spec in draft.specs.values())
