"""Phase 4: types. Every expression is checked against the ports it reads and the port it feeds."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace

from ..diagnostics import Diagnostic, Phrase, hint, nearest
from ..errors import ValueMismatch
from ..expressions import (
    Binding,
    Checker,
    CheckProblem,
    Expr,
    ListBinding,
    Literal,
    MapBinding,
    TextOf,
    references,
)
from ..manifest import Port
from ..nodes.container import Container
from ..types import (
    BOOLEAN,
    DURATION,
    INTEGER,
    JSON,
    MESSAGE,
    NUMBER,
    STRING,
    TIMESTAMP,
    EnumOf,
    ListOf,
    MapOf,
    OptionalOf,
    Record,
    Type,
    assignable,
    coerce,
    explain,
)
from .draft import Draft, Node, Place
from .wiring import rename

__all__ = ["app_roots", "type_nodes"]

SHOWN = 60

RUN = Record("run", {"id": STRING, "app": STRING, "version": STRING})
SESSION = Record("session", {"id": STRING, "messages": ListOf(MESSAGE)})
OPTIONAL = Phrase("it is optional", "它是可选的")
REPORTED = ("inputs", "state")
"""Roots whose unknown fields are reported when references are resolved."""

SCALARS = (STRING, INTEGER, NUMBER, BOOLEAN, TIMESTAMP, DURATION, JSON)
CODES = {
    "syntax": "BG301",
    "type": "BG302",
    "unknown_name": "BG302",
    "mixed": "BG307",
    "cost": "BG306",
    "absent": "BG304",
}


def type_nodes(draft: Draft) -> None:
    """Fill each node's `inputs`, `sites`, `ports` and `outputs` in graph order, and run the node types' own checks."""
    _type(draft, app_roots(draft))


def app_roots(draft: Draft) -> dict[str, Type]:
    """Return the types of the names that every expression of the app knows."""
    return {
        "inputs": Record("inputs", {name: port.type for name, port in draft.inputs.items()}),
        "state": Record("state", {name: key.type for name, key in draft.scope.state.items()}),
        "session": SESSION,
        "run": RUN,
    }


def _type(draft: Draft, roots: dict[str, Type]) -> None:
    typist = _Typist(draft, roots)
    for name in draft.order:
        node = draft.nodes[name]
        found = typist.places(node)
        if node.body is not None and isinstance(node.kind, Container):
            found |= _type_body(node, node.body, node.kind, roots, found)
        node.outputs = {**node.kind.outputs(node.view, found)}
        if node.fails_over:
            node.outputs = {**node.outputs, "error": Port(type=draft.scope.types["Error"])}
        roots[name] = node.record
        view = replace(node.view, inputs=node.ports)
        _add(draft, node, node.kind.check(view))


def _add(draft: Draft, node: Node, findings: Iterable[Diagnostic]) -> None:
    """Keep what a node type has found, under the node's path."""
    for finding in findings:
        draft.diagnostics.append(replace(finding, node=f"{draft.prefix}{node.id}"))


def _type_body(
    node: Node, body: Draft, kind: Container, around: Mapping[str, Type], found: Mapping[str, Type]
) -> dict[str, Type]:
    """Type a container's body and return the types of the values that leave it, by key."""
    last = body.terminal
    if last is None:
        return {}
    body.names = dict(kind.items(node.view, found))
    roots = {**around, **body.names}
    _type(body, roots)
    leaving = _Typist(body, roots).places(last)
    last.types = leaving
    _add(body.outer or body, node, kind.check_body(node.view, body.names, leaving))
    return leaving


class _Typist:
    """Checks bindings against the roots, which grow as nodes are typed."""

    def __init__(self, draft: Draft, roots: Mapping[str, Type]) -> None:
        self._draft = draft
        self._roots = roots
        self._checker = Checker(roots)

    def places(self, node: Node) -> dict[str, Type]:
        """Type all places of a node and return their types by key; those that could not be typed are left out."""
        found = {place.key: self.place(node, place) for place in node.places}
        return {key: kind for key, kind in found.items() if kind is not None}

    def place(self, node: Node, place: Place) -> Type | None:
        """Type one place, store its binding and return its type, or None when it could not be typed."""
        path = f"{node.view.pointer}{place.key}"
        before = len(self._draft.diagnostics)
        binding, kind = self._binding(node, path, place.binding, place.expects)
        if place.port is not None:
            node.inputs[place.port] = binding
            node.ports[place.port] = _taken(node, place, kind)
        else:
            node.sites[place.key] = binding
        if kind is not None and place.expects is not None and len(self._draft.diagnostics) == before:
            self._fit(node, path, place, kind)
        return kind

    def _binding(self, node: Node, path: str, binding: Binding, expects: Type | None) -> tuple[Binding, Type | None]:
        match binding:
            case Literal(value):
                return self._literal(node, path, value, expects)
            case Expr(source):
                found = self._expression(node, path, source, expects)
                return (binding, None) if found is None else (Expr(found[0]), found[1])
            case TextOf(parts):
                return TextOf(tuple(self._part(node, path, part) for part in parts)), STRING
            case ListBinding(items):
                inner = expects.item if isinstance(expects, ListOf) else None
                typed = [self._binding(node, f"{path}/{at}", item, inner) for at, item in enumerate(items)]
                return ListBinding(tuple(one for one, _ in typed)), ListOf(_common([kind for _, kind in typed]))
            case MapBinding(items):
                return self._mapping(node, path, items, expects)

    def _mapping(
        self, node: Node, path: str, items: Mapping[str, Binding], expects: Type | None
    ) -> tuple[Binding, Type | None]:
        wanted = expects.inner if isinstance(expects, OptionalOf) else expects
        typed: dict[str, tuple[Binding, Type | None]] = {}
        for key, item in items.items():
            inner = wanted.fields.get(key) if isinstance(wanted, Record) else None
            inner = wanted.value if isinstance(wanted, MapOf) else inner
            typed[key] = self._binding(node, f"{path}/{key}", item, inner)
        bound = MapBinding({key: one for key, (one, _) in typed.items()})
        if isinstance(wanted, MapOf):
            return bound, MapOf(_common([kind for _, kind in typed.values()]))
        name = wanted.name if isinstance(wanted, Record) else "value"
        return bound, Record(name, {key: kind or JSON for key, (_, kind) in typed.items()})

    def _literal(self, node: Node, path: str, value: object, expects: Type | None) -> tuple[Binding, Type | None]:
        if expects is None:
            return Literal(value), _literal_type(value)
        try:
            return Literal(coerce(value, expects)), expects
        except ValueMismatch:
            names = {"port": _last(path), "expected": expects, "found": _shown(value)}
            self._draft.report("BG303", path, names, node=node.id)
            return Literal(value), None

    def _part(self, node: Node, path: str, part: str | Expr) -> str | Expr:
        if isinstance(part, str):
            return part
        found = self._expression(node, path, part.source, STRING)
        if found is None:
            return part
        source, kind = found
        if not (kind in SCALARS or isinstance(kind, EnumOf)):
            self._draft.report("BG305", path, node=node.id, expression=part.source, found=kind)
        return Expr(source)

    def _expression(self, node: Node, path: str, source: str, expects: Type | None) -> tuple[str, Type] | None:
        if not self._known(node, path, source):
            return None
        try:
            checked = self._checker.check(source)
        except CheckProblem as problem:
            self._report(node, path, source, problem, expects)
            return None
        return checked.source, checked.type

    def _known(self, node: Node, path: str, source: str) -> bool:
        """Whether all that the expression reads exists; unknown ports of known nodes are reported here."""
        try:
            found = references(source)
        except CheckProblem:
            return False
        fine = True
        for reference in found:
            root = self._roots.get(reference.root)
            if root is None:
                return False
            if not isinstance(root, Record) or not reference.path or reference.path[0] in root.fields:
                continue
            if self._draft.find(reference.root) is not None:
                fine = False
                port = reference.path[0]
                near = nearest(port, root.fields)
                text = hint(port, root.fields, prefix=Phrase("It has", "它有"))
                fix = rename(node.view, path, f"{reference.root}.{port}", near)
                self._draft.report("BG204", path, node=node.id, fix=fix, owner=reference.root, port=port, hint=text)
            elif reference.root in REPORTED:
                fine = False
        return fine

    def _report(self, node: Node, path: str, source: str, problem: CheckProblem, expects: Type | None) -> None:
        names: dict[str, object] = {"expression": source, "problem": problem.message}
        code = CODES[problem.kind]
        if code == "BG304":
            names = {"reference": source, "when": OPTIONAL, "port": _last(path)}
        self._draft.report(code, path, names, node=node.id)

    def _fit(self, node: Node, path: str, place: Place, kind: Type) -> None:
        wanted = place.expects
        if wanted is None or assignable(kind, wanted) or kind == JSON:
            return
        port = place.port or _last(path)
        if isinstance(kind, OptionalOf) and assignable(kind.inner, wanted):
            reference = place.binding.source if isinstance(place.binding, Expr) else port
            names = {"reference": reference, "when": Phrase(f"its type is {kind}", f"其类型为 {kind}"), "port": port}
            self._draft.report("BG304", path, names, node=node.id)
            return
        reason = explain(kind, wanted)
        names = {"port": port, "expected": wanted, "found": f"{kind} ({reason})" if reason else kind}
        self._draft.report("BG303", path, names, node=node.id)


def _taken(node: Node, place: Place, kind: Type | None) -> Type:
    """Return the type of a connected input: its own, or that of what comes in where it has none or is generic."""
    port = node.surface.inputs.get(place.port or "")
    keeps = port is not None and port.generic and kind is not None and assignable(kind, port.type)
    return (kind if keeps else place.expects) or kind or JSON


def _common(kinds: list[Type | None]) -> Type:
    known = [kind for kind in kinds if kind is not None]
    if not known or len(known) < len(kinds):
        return JSON
    first = known[0]
    return first if all(kind == first for kind in known) else JSON


def _literal_type(value: object) -> Type:
    match value:
        case bool():
            return BOOLEAN
        case int():
            return INTEGER
        case float():
            return NUMBER
        case str():
            return STRING
        case _:
            return JSON


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _last(path: str) -> str:
    return path.rsplit("/", 1)[-1]
