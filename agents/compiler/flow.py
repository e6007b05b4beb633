"""Phase 6: information flow. Labels spread over data and control to a fixpoint; effects are judged by what reaches.

Only facts that the compiler can know count here; the run-time monitor judges every real call by the same table.
Source: Costa et al., "Securing AI agents with information-flow control" (arXiv 2505.23643); Meta, "Agents rule of
two" (2025).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from runtime.base.labels import APP, USER, Confidentiality, Integrity, Label, join

from ..diagnostics import Fix, Op
from ..graph import Act
from ..nodes.agent import AgentConfig
from ..nodes.classify import ClassifyConfig
from ..nodes.container import Container
from ..nodes.extract import ExtractConfig
from ..nodes.human import HumanConfig
from ..nodes.judge import JudgeConfig
from ..nodes.set import SetConfig
from ..spec import ToolInfo
from ..types import BOOLEAN, DURATION, INTEGER, NUMBER, TIMESTAMP, EnumOf, OptionalOf, Record, Type
from .draft import Draft, Node

__all__ = ["Flow", "bounded", "check_flow", "lowering"]

HEARD = Label(Integrity.UNTRUSTED, Confidentiality.WORKSPACE)
"""A conversation may hold what any run of its session has heard."""

OWN_INPUTS = "the app's inputs"
FINITE = (BOOLEAN, INTEGER, NUMBER, TIMESTAMP, DURATION)


@dataclass(kw_only=True, slots=True)
class Flow:
    """Labels of a graph: of each node's outputs and decisions, of state keys, of the conversation.

    Args:
        around: The graph that a body's container stands in; state and conversation are one for all graphs.
        base: What led to the graph: for a body, what its container sees and was chosen by.
        left: What leaves a body.
        bodies: The flow in each container's body.
    """

    data: dict[str, Label] = field(default_factory=dict[str, Label])
    control: dict[str, Label] = field(default_factory=dict[str, Label])
    source: dict[str, str] = field(default_factory=dict[str, str])
    state: dict[str, Label] = field(default_factory=dict[str, Label])
    session: Label = HEARD
    around: Flow | None = None
    base: Label = APP
    left: Label = APP
    bodies: dict[str, Flow] = field(default_factory=dict[str, "Flow"])

    def of(self, name: str) -> Label:
        """Return the label of a node of this graph or of one around it; the names of a container add nothing."""
        if name in self.data:
            return self.data[name]
        return self.around.of(name) if self.around is not None else APP

    def blamed(self, name: str) -> str:
        """Return where a node's worst integrity comes from."""
        if name in self.source or self.around is None:
            return self.source.get(name, OWN_INPUTS)
        return self.around.blamed(name)

    def inner(self, name: str) -> Flow:
        """Return the flow in a container's body."""
        if name not in self.bodies:
            self.bodies[name] = Flow(around=self, state=self.state, session=self.session)
        return self.bodies[name]

    def snapshot(self) -> tuple[object, ...]:
        """Return all labels."""
        inside = tuple(flow.snapshot() for flow in self.bodies.values())
        return dict(self.data), dict(self.state), self.session, self.left, inside


def check_flow(draft: Draft) -> Flow:
    """Spread labels, report what must not happen, and return the labels."""
    flow = Flow()
    before: tuple[object, ...] = ()
    while before != (after := flow.snapshot()):
        before = after
        _spread(draft, flow)
    _blame_all(draft, flow)
    _judge_all(draft, flow)
    return flow


def _blame_all(draft: Draft, flow: Flow) -> None:
    for name in draft.order:
        node = draft.nodes[name]
        if node.body is not None:
            _blame_all(node.body, flow.bodies[name])
        flow.source[name] = _blame(draft, flow, node)


def _judge_all(draft: Draft, flow: Flow) -> None:
    for name in draft.order:
        node = draft.nodes[name]
        for act in node.kind.acts(node.view):
            _judge(draft, flow, node, act)
        if node.body is not None:
            _judge_all(node.body, flow.bodies[name])


def _spread(draft: Draft, flow: Flow) -> None:
    for name in draft.order:
        node = draft.nodes[name]
        needs = [*node.needs, *(need for arm in node.arms.values() for need in arm)]
        deciders = [edge.source for edge in node.edges] + [need.root for need in needs if need.root in draft.nodes]
        flow.control[name] = join(
            (flow.base, *(label for one in deciders for label in (flow.control[one], *_decision(flow, one, node))))
        )
        seen = join((flow.control[name], _read(draft, flow, node)))
        own = join(label for _, label in _sources(draft, node))
        if node.body is not None:
            own = own.join(_spread_body(node, node.body, flow, seen))
        flow.data[name] = _lowered(node, join((seen, own)))
        if isinstance(node.view.config, SetConfig):
            for key in node.view.config.write:
                flow.state[key] = join((flow.state.get(key, APP), seen))
        if node.view.spec.type in ("reply", "end"):
            flow.session = join((flow.session, seen))


def _spread_body(node: Node, body: Draft, flow: Flow, seen: Label) -> Label:
    """Spread labels through a container's body and return that of what leaves it."""
    inner = flow.inner(node.id)
    inner.session = flow.session
    again = isinstance(node.kind, Container) and node.kind.repeats
    inner.base = inner.base.join(seen).join(inner.left if again else APP)
    _spread(body, inner)
    flow.session = inner.session
    if body.terminal is not None:
        inner.left = inner.left.join(_read(body, inner, body.terminal)).join(inner.base)
    if isinstance(node.kind, Container) and (node.fails_over or node.kind.tells(node.view)):
        inner.left = inner.left.join(join(inner.data.values()))
    return inner.left


def _decision(flow: Flow, source: str, node: Node) -> Iterator[Label]:
    """An edge from a node that chooses carries what the choice was made of."""
    if any(edge.source == source and edge.handle is not None for edge in node.edges):
        yield flow.data[source]


def _read(draft: Draft, flow: Flow, node: Node) -> Label:
    found = APP
    for wire in node.wires:
        root = wire.reference.root
        if wire.inner:
            continue
        if draft.find(root) is not None:
            found = found.join(flow.of(root))
        elif root == "inputs":
            found = found.join(USER)
        elif root == "session":
            found = found.join(flow.session)
        elif root == "state" and wire.reference.path:
            found = found.join(flow.state.get(wire.reference.path[0], APP))
    return found


def _sources(draft: Draft, node: Node) -> Iterator[tuple[str, Label]]:
    """What a node itself brings in, by name."""
    yield from node.kind.brings(node.view)
    for act in node.kind.acts(node.view):
        if act.of != "app":
            yield act.name, tool_label(act.info)


def tool_label(info: ToolInfo | None) -> Label:
    """Return the label of a tool's results; an unknown tool's are untrusted and private."""
    if info is None:
        return Label(Integrity.UNTRUSTED, Confidentiality.WORKSPACE)
    integrity = Integrity.UNTRUSTED if info.policy.reads == "untrusted" else Integrity.APP
    return Label(integrity, Confidentiality.WORKSPACE if info.policy.private else Confidentiality.PUBLIC)


def lowering(node: Node) -> Integrity | None:
    """Return the integrity that a node type stands for: a person's answer, a closed choice, a bounded shape."""
    config = node.view.config
    if isinstance(config, HumanConfig):
        return Integrity.USER
    closed = isinstance(config, ClassifyConfig) or (isinstance(config, JudgeConfig) and not config.explain)
    if isinstance(config, ExtractConfig):
        closed = all(bounded(port.type) for port in node.outputs.values())
    return Integrity.BOUNDED if closed else None


def _lowered(node: Node, label: Label) -> Label:
    floor = lowering(node)
    return label if floor is None else Label(min(floor, label.integrity), label.confidentiality)


def bounded(kind: Type) -> bool:
    """Whether a type has no room for instructions: numbers, booleans, times, closed sets, and records of such."""
    if isinstance(kind, OptionalOf):
        return bounded(kind.inner)
    if isinstance(kind, Record):
        return all(bounded(one) for one in kind.fields.values())
    return kind in FINITE or isinstance(kind, EnumOf)


def _blame(draft: Draft, flow: Flow, node: Node) -> str:
    """Name where the worst integrity of a node's data comes from."""
    worst = flow.data[node.id].integrity
    for name, label in _sources(draft, node):
        if label.integrity >= worst:
            return name
    for name in draft.sees(node):
        if flow.of(name).integrity >= worst:
            return flow.blamed(name)
    if node.body is not None and flow.bodies[node.id].left.integrity >= worst:
        return _blame_inside(node.body, flow.bodies[node.id], worst)
    if draft.owner is not None and flow.base.integrity >= worst:
        return _blame_around(draft, flow, worst)
    return "the conversation" if worst > Integrity.USER else OWN_INPUTS


def _blame_inside(body: Draft, inner: Flow, worst: Integrity) -> str:
    found = (inner.source[name] for name in body.order if inner.data[name].integrity >= worst)
    return next(found, OWN_INPUTS)


def _blame_around(draft: Draft, flow: Flow, worst: Integrity) -> str:
    """Name where the integrity comes from that led to a body: what its container sees."""
    outer, around = draft.outer, flow.around
    if outer is None or around is None or draft.owner is None:
        return OWN_INPUTS
    for name in outer.sees(outer.nodes[draft.owner]):
        if around.of(name).integrity >= worst:
            return around.blamed(name)
    return _blame_around(outer, around, worst) if outer.owner is not None else OWN_INPUTS


def _judge(draft: Draft, flow: Flow, node: Node, act: Act) -> None:
    name = node.id
    effect = act.info.policy.effect if act.info else "irreversible"
    if effect == "none":
        return
    reaching = join((flow.control[name], _read(draft, flow, node)))
    blame = _reaching_source(draft, flow, node, reaching)
    if isinstance(node.view.config, AgentConfig):
        own = list(_sources(draft, node))
        reaching = join((reaching, *(label for _, label in own)))
        if blame == OWN_INPUTS:
            blame = next((one for one, label in own if label.integrity > Integrity.USER), blame)
    path = node.view.pointer
    if reaching.integrity > Integrity.USER and not act.approved:
        ask = Fix("Ask before the effect", "执行前请求批准", (Op(op="set", path=f"{path}/approve", value="effects"),))
        fix = None if act.of == "app" else ask
        draft.report("BG501", path, node=name, fix=fix, owner=name, tool=act.name, source=blame)
    private = reaching.confidentiality >= Confidentiality.WORKSPACE
    waived = _waived(draft, f"{draft.prefix}{name}")
    if effect == "egress" and private and reaching.integrity is Integrity.UNTRUSTED and not waived:
        draft.report("BG503", path, node=name, owner=name, tool=act.name)


def _reaching_source(draft: Draft, flow: Flow, node: Node, reaching: Label) -> str:
    for name in draft.sees(node):
        if flow.of(name).integrity >= reaching.integrity:
            return flow.blamed(name)
    if draft.owner is not None and flow.base.integrity >= reaching.integrity:
        return _blame_around(draft, flow, reaching.integrity)
    return "the conversation" if reaching.integrity > Integrity.USER else OWN_INPUTS


def _waived(draft: Draft, name: str) -> bool:
    return any(waiver.get("node") == name for waiver in draft.scope.document.policy.waivers)
