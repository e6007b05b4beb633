"""The phases in their order, and the compiled app that comes out of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, cast

from runtime.base.durations import seconds
from runtime.base.errors import Json
from runtime.base.labels import APP

from ..diagnostics import Diagnostic, diagnose
from ..errors import TypeSyntaxError, ValueMismatch
from ..expressions import Evaluator, Expr
from ..graph import CompiledApp, CompiledBody, CompiledNode, InputPort, StateKey
from ..nodes.agent import AgentConfig
from ..nodes.judge import JudgeConfig
from ..nodes.llm import LlmConfig
from ..nodes.subflow import SubflowConfig
from ..nodes.template import TemplateConfig
from ..scope import Scope
from ..spec import Bundle, Document, Positions, Resources, parse_app, read_document, read_lock, resources_from_lock
from ..spec.document import InputSpec, OutputSpec, StateSpec
from ..types import BUILTINS, STRING, EnumOf, OptionalOf, Type, coerce, parse_type, parse_types
from .bodies import check_bodies
from .budgets import check_budget
from .draft import Draft, Node
from .flow import Flow, check_flow, lowering
from .inference import app_roots, type_nodes
from .lanes import losers, stoppable
from .paths import explore
from .publishing import chat_turn
from .resources import check_resources
from .sketch import Sketch, sketch
from .state import check_state
from .suite import check_suite
from .wiring import wire

__all__ = ["Compilation", "compile_bundle"]

DAY: Final = 86_400.0
"""Seconds for which a result is kept unless a time is written."""


@dataclass(frozen=True, slots=True)
class Compilation:
    """The compiled app, or None when there is an error, every finding in the order of the text, and a sketch."""

    app: CompiledApp | None
    diagnostics: tuple[Diagnostic, ...]
    sketch: Sketch = field(default_factory=Sketch)

    @property
    def ok(self) -> bool:
        """Whether the app can run."""
        return self.app is not None


def compile_bundle(
    bundle: Bundle, resources: Resources | None = None, apps: Mapping[str, CompiledApp] | None = None
) -> Compilation:
    """Check a bundle completely and compile it.

    Pure: it starts nothing, reads nothing but the bundle, and never raises for what an author can get wrong.

    Args:
        bundle: The files of the app.
        resources: What the host offers; None takes what `bundle.lock` says.
        apps: The apps that it runs, by its own names for them; without one of them it can be checked but not run.
    """
    parsed = parse_app(bundle.app_text)
    document, shape = read_document(parsed.data, parsed.positions) if parsed.data is not None else (None, [])
    found = [*parsed.diagnostics, *shape]
    app, shown = None, Sketch()
    if document is not None:
        if resources is None:
            lock, problems = read_lock(bundle)
            found += problems
            resources = resources_from_lock(lock, document)
        app, problems, shown = compile_document(bundle, document, resources)
        found += problems
    # By their text, because what a fix puts in may be a list, which has no hash.
    placed = [_placed(finding, parsed.positions) for finding in {repr(one): one for one in found}.values()]
    placed.sort(key=lambda finding: (finding.line or 0, finding.column or 0))
    broken = any(finding.severity == "error" for finding in placed)
    if app is not None and apps:
        app = replace(app, apps=apps)
    return Compilation(None if broken else app, tuple(placed), shown)


def compile_document(
    bundle: Bundle, document: Document, resources: Resources
) -> tuple[CompiledApp | None, list[Diagnostic], Sketch]:
    """Compile a document that has been read; its findings do not know their lines yet.

    Args:
        bundle: The bundle that the document is from.
        document: What `app.yaml` says.
        resources: What the host offers.

    Returns:
        The app, or None where it was not reached; the findings; the sketch.
    """
    draft = _draft(bundle, document, resources)
    app = _compile(draft)
    return app, draft.diagnostics, sketch(draft)


def _placed(finding: Diagnostic, positions: Positions) -> Diagnostic:
    return finding if finding.line is not None or finding.file != "app.yaml" else positions.locate(finding)


def _draft(bundle: Bundle, document: Document, resources: Resources) -> Draft:
    found: list[Diagnostic] = []
    types, problems = parse_types(document.types)
    for pointer, error in problems:
        found.append(_type_problem(f"/types{pointer}", error))
    known: dict[str, Type] = {**BUILTINS, **types}
    inputs = _inputs(document.inputs, known, found)
    outputs = _outputs(document.outputs, known, found)
    state = _state(document.state, known, found)
    scope = Scope(document=document, bundle=bundle, resources=resources, types=known, outputs=outputs, state=state)
    return Draft(scope=scope, inputs=inputs, specs=document.nodes, links=document.edges, diagnostics=found)


def _compile(draft: Draft) -> CompiledApp | None:
    wire(draft)
    graphs = list(draft.every())
    if any(len(one.order) < len(one.nodes) for one in graphs):
        return None
    wired = draft.sound and not any(one.opaque for one in graphs)
    type_nodes(draft)
    check_bodies(draft)
    check_resources(draft)
    message, reply = chat_turn(draft)
    check_suite(draft)
    if not wired:
        return None
    explore(draft)
    check_state(draft)
    check_budget(draft)
    flow = check_flow(draft)
    return _assemble(draft, flow, message, reply) if draft.sound else None


def _type_problem(path: str, error: TypeSyntaxError) -> Diagnostic:
    hint = f" {error.fix}" if error.fix else ""
    return diagnose("BG110", path, text=error.where or path, problem=error.message, hint=hint)


def _parsed(text: str, known: Mapping[str, Type], path: str, found: list[Diagnostic]) -> Type | None:
    try:
        return parse_type(text, known)
    except TypeSyntaxError as error:
        found.append(_type_problem(path, error))
        return None


def _inputs(specs: Mapping[str, InputSpec], known: Mapping[str, Type], found: list[Diagnostic]) -> dict[str, InputPort]:
    ports: dict[str, InputPort] = {}
    for name, spec in specs.items():
        kind = _parsed(spec.type, known, f"/inputs/{name}", found)
        if kind is None:
            continue
        kind = _chosen(kind, spec.choices)
        given = "default" in spec.model_fields_set
        default = _default(spec.default, kind, f"/inputs/{name}/default", found) if given else None
        required = not given and not isinstance(kind, OptionalOf)
        ports[name] = InputPort(kind, required, default, given)
    return ports


def _chosen(kind: Type, choices: list[Json] | None) -> Type:
    """Return the closed set of an input's choices, where they are texts."""
    texts = tuple(one for one in choices or () if isinstance(one, str))
    return EnumOf(texts) if kind == STRING and texts and len(texts) == len(choices or ()) else kind


def _outputs(specs: Mapping[str, OutputSpec], known: Mapping[str, Type], found: list[Diagnostic]) -> dict[str, Type]:
    kinds = {name: _parsed(spec.type, known, f"/outputs/{name}", found) for name, spec in specs.items()}
    return {name: kind for name, kind in kinds.items() if kind is not None}


def _state(specs: Mapping[str, StateSpec], known: Mapping[str, Type], found: list[Diagnostic]) -> dict[str, StateKey]:
    keys: dict[str, StateKey] = {}
    for name, spec in specs.items():
        kind = _parsed(spec.type, known, f"/state/{name}", found)
        if kind is not None:
            given = "default" in spec.model_fields_set
            default = _default(spec.default, kind, f"/state/{name}/default", found) if given else None
            keys[name] = StateKey(kind, default, spec.reducer, spec.scope)
    return keys


def _default(value: object, kind: Type, path: str, found: list[Diagnostic]) -> Json:
    try:
        return coerce(cast("Json", value), kind)
    except ValueMismatch:
        found.append(diagnose("BG303", path, port="default", expected=kind, found=repr(value)))
        return None


def _assemble(draft: Draft, flow: Flow, message: str | None, reply: str | None) -> CompiledApp:
    scope = draft.scope
    roots = _roots(draft, app_roots(draft))
    return CompiledApp(
        id=scope.document.app.id,
        version=scope.document.app.version,
        digest=scope.bundle.digest,
        document=scope.document,
        bundle=scope.bundle,
        resources=scope.resources,
        types=scope.types,
        inputs=draft.inputs,
        outputs=scope.outputs,
        state=scope.state,
        nodes={name: _node(draft, flow, draft.nodes[name], roots) for name in draft.order},
        evaluator=Evaluator(roots),
        message=message,
        reply=reply,
    )


def _roots(draft: Draft, around: Mapping[str, Type]) -> dict[str, Type]:
    """Return the types of all names that a graph's expressions know."""
    own: dict[str, Type] = {name: draft.nodes[name].record for name in draft.order}
    return {**around, **draft.names, **own}


def _body(draft: Draft, flow: Flow, last: Node, around: Mapping[str, Type]) -> CompiledBody:
    roots = _roots(draft, around)
    return CompiledBody(
        nodes={name: _node(draft, flow, draft.nodes[name], roots) for name in draft.order},
        evaluator=Evaluator(roots),
        sites=last.sites,
        types=last.types,
        names=draft.names,
        reads=tuple(dict.fromkeys(one for one in draft.sees(last) if one in draft.nodes)),
    )


def _node(draft: Draft, flow: Flow, node: Node, roots: Mapping[str, Type]) -> CompiledNode:
    spec = node.view.spec
    budget = _budget(draft, node)
    return CompiledNode(
        id=node.id,
        type=spec.type,
        config=node.view.config,
        inputs=node.inputs,
        ports=node.ports,
        sites=node.sites,
        outputs=node.outputs,
        handles=node.exits,
        edges=tuple(node.edges),
        predecessors=node.predecessors,
        reads=tuple(dict.fromkeys(draft.sees(node))),
        needs=tuple(node.needs),
        arms={name: tuple(needs) for name, needs in node.arms.items()},
        losers=losers(draft, node),
        acts=tuple(node.kind.acts(node.view)),
        stoppable=stoppable(node),
        on_error="branch" if node.fails_over else spec.on_error,
        default=spec.default or {},
        attempts=1 + (spec.retry.max if spec.retry else 0),
        backoff=seconds(spec.retry.backoff) if spec.retry else 1.0,
        timeout=seconds(spec.timeout) if spec.timeout else None,
        budget=budget,
        on_exceed=(spec.budget and spec.budget.on_exceed) or draft.scope.document.budget.on_exceed or "stop",
        cache=_cached(spec.cache),
        label=flow.data.get(node.id, APP),
        control=flow.control.get(node.id, APP),
        lowers=lowering(node),
        reads_session=any(wire.reference.root == "session" for wire in node.wires),
        reads_state=any(wire.reference.root == "state" for wire in node.wires),
        forwards=_forwarded(draft, node),
        texts={text: draft.scope.text(text) for text in _texts(node) if draft.scope.is_file(text)},
        body=_inside(node, flow, roots),
    )


def _inside(node: Node, flow: Flow, roots: Mapping[str, Type]) -> CompiledBody | None:
    if node.body is None or node.body.terminal is None:
        return None
    return _body(node.body, flow.bodies[node.id], node.body.terminal, roots)


def _forwarded(draft: Draft, node: Node) -> str | None:
    """Return the node whose stream a `reply` forwards: its text is exactly one streaming port."""
    binding = node.inputs.get("text")
    if node.view.spec.type != "reply" or not isinstance(binding, Expr):
        return None
    source, _, port = binding.source.strip().partition(".")
    streaming = source in draft.nodes and port in draft.nodes[source].outputs
    return source if streaming and draft.nodes[source].outputs[port].streaming else None


def _texts(node: Node) -> Iterable[str]:
    config = node.view.config
    if isinstance(config, LlmConfig):
        return [text for text in (config.prompt, config.system) if text]
    if isinstance(config, JudgeConfig):
        return [config.criteria]
    if isinstance(config, AgentConfig):
        return [config.system] if config.system else []
    return [config.source] if isinstance(config, TemplateConfig) else []


def _budget(draft: Draft, node: Node) -> dict[str, float]:
    """Return a node's own limits; a node that runs an app takes no longer than that app may."""
    spec, config = node.view.spec, node.view.config
    given = spec.budget.model_dump(exclude={"on_exceed"}, exclude_none=True) if spec.budget else {}
    limits = {kind: float(amount) for kind, amount in given.items()}
    app = draft.scope.app(config.app) if isinstance(config, SubflowConfig) else None
    longest = app.seconds if app is not None else None
    return limits if longest is None else {**limits, "seconds": min(longest, limits.get("seconds", longest))}


def _cached(written: bool | str | None) -> float | None:
    """Return for how many seconds a result is kept: a day, unless a time is written."""
    if isinstance(written, str):
        return seconds(written)
    return DAY if written else None
