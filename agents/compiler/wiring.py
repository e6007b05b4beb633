"""Phase 2: which node waits for which. Configurations are read, expressions parsed, references and edges resolved."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from typing import cast

from pydantic import ValidationError

from ..diagnostics import Fix, Op, Phrase, hint, nearest
from ..errors import TypeSyntaxError
from ..expressions import CheckProblem, ExpressionSyntaxError, Reference, expressions, parse_value, references
from ..graph import Edge
from ..manifest import Option, Site
from ..nodes import NODES, PLANNED, NodeType
from ..nodes.container import Container
from ..scope import NodeView
from ..spec import NodeSpec, explain_errors
from ..spec.outline import NODE_KEYS
from .bodies import hoisted, open_body
from .draft import ROOTS, Draft, Node, Place, Wire

__all__ = ["rename", "wire"]

NO_MEANING = Phrase("it has no meaning there", "在此没有意义")
TOGETHER = Phrase("it belongs to on_error: default", "它只与 on_error: default 一起使用")


def wire(draft: Draft) -> None:
    """Fill `nodes`, their places, wires, edges and predecessors, and `order`, in the graph and all bodies in it."""
    _declare(draft)
    _connect(draft)


def _declare(draft: Draft) -> None:
    for name, spec in draft.specs.items():
        node = _node(draft, name, spec)
        if node is None:
            draft.opaque.add(name)
            continue
        draft.nodes[name] = node
        if isinstance(node.kind, Container):
            open_body(draft, node, node.kind)
    for node in draft.nodes.values():
        if node.body is not None:
            _declare(node.body)


def _connect(draft: Draft) -> None:
    for node in draft.nodes.values():
        _places(draft, node)
        _sites(draft, node, node.kind.sites)
        node.wires = list(_wires(draft, node))
        if node.body is not None:
            _connect(node.body)
            node.wires += hoisted(node.body)
    last = draft.terminal
    if last is not None and isinstance(last.kind, Container):
        _sites(draft, last, last.kind.inner_sites)
        last.wires = list(_wires(draft, last))
    _edges(draft)
    _sort(draft)


def _node(draft: Draft, name: str, spec: NodeSpec) -> Node | None:
    home = f"{draft.place}/nodes"
    path = f"{home}/{name}"
    kind = NODES.get(spec.type)
    if kind is None:
        if spec.type in PLANNED:
            draft.report("BG202", f"{path}/type", node=name, type=spec.type, hint=PLANNED[spec.type])
        else:
            near = nearest(spec.type, [*NODES, *PLANNED])
            fix = Fix(f"Use {near}", f"改为 {near}", (Op(op="set", path=f"{path}/type", value=near),)) if near else None
            text = hint(spec.type, NODES)
            draft.report("BG201", f"{path}/type", node=name, fix=fix, type=spec.type, hint=text)
        return None
    try:
        config = kind.manifest.config.model_validate_json(json.dumps(spec.config))
    except ValidationError as error:
        draft.diagnostics.extend(explain_errors(error, spec.config, kind.manifest.config, path=path, also=NODE_KEYS))
        return None
    view = NodeView(id=name, spec=spec, config=config, scope=draft.scope, home=home)
    _options(draft, view, kind)
    try:
        surface = kind.surface(view)
    except TypeSyntaxError as error:
        told = f" {error.fix}" if error.fix else ""
        draft.report(
            "BG110",
            path,
            node=name,
            text=error.where or spec.type,
            problem=error.message.rstrip("."),
            hint=told,
        )
        return None
    return Node(view=view, kind=kind, surface=surface)


def _options(draft: Draft, view: NodeView, kind: NodeType) -> None:
    spec = view.spec
    used: dict[Option, bool] = {
        "on_error": spec.on_error != "fail",
        "retry": spec.retry is not None,
        "timeout": spec.timeout is not None,
        "budget": spec.budget is not None,
        "cache": bool(spec.cache),
    }
    for option, given in used.items():
        if given and option not in kind.manifest.accepts:
            fix = Fix(f"Remove {option}", f"删除 {option}", (Op(op="del", path=f"{view.pointer}/{option}"),))
            names = {"type": spec.type, "option": option, "reason": NO_MEANING}
            draft.report("BG215", f"{view.pointer}/{option}", names, node=view.id, fix=fix)
    if spec.on_error == "default" and spec.default is None:
        draft.report("BG104", f"{view.pointer}/default", node=view.id, where=view.id, key="default")
    if spec.default is not None and spec.on_error != "default":
        names = {"type": spec.type, "option": "default", "reason": TOGETHER}
        draft.report("BG215", f"{view.pointer}/default", names, node=view.id)


def _places(draft: Draft, node: Node) -> None:
    view, surface = node.view, node.surface
    for port, value in view.spec.inputs.items():
        known = surface.inputs.get(port)
        path = f"{view.pointer}/in/{port}"
        if known is None and not surface.open:
            near = nearest(port, surface.inputs)
            move = (Op(op="move", path=path, value=f"{view.pointer}/in/{near}"),)
            fix = Fix(f"Rename to {near}", f"改名为 {near}", move) if near else None
            text = hint(port, surface.inputs, prefix=Phrase("It takes", "它接受"))
            draft.report("BG214", path, node=view.id, fix=fix, owner=view.id, port=port, hint=text)
            continue
        try:
            binding = parse_value(value)
        except ExpressionSyntaxError as error:
            draft.report("BG301", path, node=view.id, expression=str(value), problem=str(error))
            continue
        node.places.append(Place(f"/in/{port}", binding, port, known.type if known else None))
    for port, known in surface.inputs.items():
        if known.required and port not in view.spec.inputs:
            code = "BG217" if view.spec.type == "end" else "BG213"
            draft.report(code, f"{view.pointer}/in", node=view.id, owner=view.id, port=port)


def _sites(draft: Draft, node: Node, sites: Callable[[NodeView], Iterable[Site]]) -> None:
    view = node.view
    try:
        node.places.extend(Place(site.key, site.binding, None, site.expects) for site in sites(view))
    except ExpressionSyntaxError as error:
        draft.report("BG301", view.pointer, node=view.id, expression=error.text, problem=str(error))


def _wires(draft: Draft, node: Node) -> Iterator[Wire]:
    for place in node.places:
        for _, expression, _ in expressions(place.binding):
            try:
                found = references(expression.source)
            except CheckProblem as problem:
                path = f"{node.view.pointer}{place.key}"
                code = "BG306" if problem.kind == "cost" else "BG301"
                names = {"expression": expression.source, "problem": problem.message}
                draft.report(code, path, names, node=node.id)
                continue
            yield from (Wire(place.key, one) for one in found if _known(draft, node, place, one))


def _known(draft: Draft, node: Node, place: Place, reference: Reference) -> bool:
    path = f"{node.view.pointer}{place.key}"
    root = reference.root
    if root in ROOTS:
        return _known_root(draft, node, path, reference)
    for around in draft.around():
        if root in around.names:
            return True
        if root in around.opaque:
            return False
        if root in around.nodes and root not in _inside(draft, node, around):
            return True
        if root in around.nodes:
            draft.report("BG207", path, node=node.id, cycle=f"{root} → {root}")
            return False
    names = [name for around in draft.around() for name in (*around.nodes, *around.opaque, *around.names)] + [*ROOTS]
    draft.report("BG312", path, node=node.id, name=root, hint=hint(root, names))
    return False


def _inside(draft: Draft, node: Node, around: Draft) -> set[str]:
    """Return which nodes of a graph the node is, or stands in."""
    if around is draft:
        return set() if node is draft.terminal else {node.id}
    return {inner.owner for inner in draft.around() if inner.outer is around and inner.owner is not None}


def _known_root(draft: Draft, node: Node, path: str, reference: Reference) -> bool:
    if not reference.path:
        return True
    name = reference.path[0]
    if reference.root == "inputs":
        port = draft.inputs.get(name)
        if port is None:
            text = hint(name, draft.inputs)
            fix = rename(node.view, path, f"inputs.{name}", nearest(name, draft.inputs))
            draft.report("BG204", path, node=node.id, fix=fix, owner="inputs", port=name, hint=text)
            return False
        if str(port.type) in ("secret", "optional<secret>"):
            draft.report("BG308", path, node=node.id, reference=f"inputs.{name}")
            return False
    if reference.root == "state" and name not in draft.scope.state:
        draft.report("BG310", path, node=node.id, key=name, hint=hint(name, draft.scope.state))
        return False
    return True


def rename(view: NodeView, path: str, old: str, near: str | None) -> Fix | None:
    """Offer the near name in the place of the last step of `old`, where a value of `in` holds it as it stands."""
    port = path.removeprefix(f"{view.pointer}/in/")
    written = view.spec.inputs.get(port)
    if near is None or not isinstance(written, str) or old not in written:
        return None
    new = f"{old.rpartition('.')[0]}.{near}"
    return Fix(f"Use {new}", f"改为 {new}", (Op(op="set", path=path, value=written.replace(old, new)),))


def _edges(draft: Draft) -> None:
    for at, (source, target) in enumerate(draft.links):
        name, _, handle = source.partition(".")
        missing = next((one for one in (name, target) if one not in draft.nodes and one not in draft.opaque), None)
        if missing is not None:
            side = 0 if missing == name else 1
            text = hint(missing, draft.nodes)
            draft.report("BG203", f"{draft.place}/edges/{at}/{side}", name=missing, hint=text)
        elif name in draft.nodes and target in draft.nodes and _leaves(draft, at, draft.nodes[name], handle):
            draft.nodes[target].edges.append(Edge(name, handle or None))


def _leaves(draft: Draft, at: int, source: Node, handle: str) -> bool:
    exits = source.exits
    path = f"{draft.place}/edges/{at}/0"
    if handle and handle not in exits:
        near = nearest(handle, exits)
        fix = (
            Fix(f"Use {near}", f"改为 {near}", (Op(op="set", path=path, value=f"{source.id}.{near}"),))
            if near
            else None
        )
        text = hint(handle, exits)
        draft.report("BG205", path, node=source.id, fix=fix, owner=source.id, handle=handle, hint=text)
        return False
    if not handle and source.surface.handles:
        names = {"owner": source.id, "handles": ", ".join(exits), "first": exits[0]}
        draft.report("BG206", path, names, node=source.id)
        return False
    return True


def _sort(draft: Draft) -> None:
    graph = {
        name: {*(wire.reference.root for wire in node.wires if wire.reference.root in draft.nodes)}
        | {edge.source for edge in node.edges}
        for name, node in draft.nodes.items()
    }
    try:
        draft.order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        loop = cast("list[str]", error.args[1])[::-1]
        draft.report("BG207", f"{draft.place}/nodes/{loop[0]}", node=loop[0], cycle=" → ".join(loop))
        return
    rank = {name: at for at, name in enumerate(draft.order)}
    for name, node in draft.nodes.items():
        node.predecessors = tuple(sorted(graph[name], key=rank.__getitem__))
