"""A compiled app: everything that a host needs to run it, and nothing that it has to check again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from pydantic import BaseModel

from runtime.base.errors import Json
from runtime.base.labels import APP, Integrity, Label

from .expressions import Binding, Evaluator
from .manifest import Port
from .spec import Bundle, Document, Resources, ToolInfo
from .types import Type

__all__ = ["Act", "CompiledApp", "CompiledBody", "CompiledNode", "Edge", "InputPort", "Need", "StateKey"]

C = TypeVar("C", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Edge:
    """A control edge into a node; `handle` is None for a source with one exit."""

    source: str
    handle: str | None = None


@dataclass(frozen=True, slots=True)
class Need:
    """A reference that must be present, or its node is skipped: a port of another node, or an input of the app."""

    root: str
    path: tuple[str, ...]

    def __str__(self) -> str:
        return ".".join((self.root, *self.path))


@dataclass(frozen=True, slots=True)
class Act:
    """A tool that a node may call, and thereby act on the world.

    Args:
        name: The tool's name: `alias.tool`; what the engine does itself is named in words; `app/…` is another app's.
        info: What is known of it, None for nothing.
        approve: When a person must agree first.
        of: Whose tool it is: a server's, the engine's own, or that of an app which the node runs.
    """

    name: str
    info: ToolInfo | None
    approve: Literal["effects", "always", "never"] | None = None
    of: Literal["server", "engine", "app"] = "server"

    @property
    def approved(self) -> bool:
        """Whether a person agrees before it acts on what nobody vouches for."""
        return self.approve in ("effects", "always")


@dataclass(frozen=True, kw_only=True, slots=True)
class CompiledNode:
    """One node, resolved.

    Args:
        id: Its id in the graph.
        type: Its node type.
        config: Its own configuration.
        inputs: The bindings of its `in`, with expressions as the checker rewrote them.
        ports: Types of its connected inputs by name.
        sites: Other expressions of its configuration by key.
        outputs: Its output ports.
        handles: Its exits; empty where it has one.
        edges: Control edges into it.
        predecessors: Every node that must be decided first, in graph order.
        reads: Every node whose values or choice it sees itself, those around its container too.
        needs: References without which it is skipped.
        arms: Of a `join`, what each arm needs: it runs as soon as one has it all.
        losers: Of a `join` that stops the others, the nodes that lead to each arm and to nothing else.
        acts: The tools that it may call.
        stoppable: Whether it may be stopped in the middle: nothing in it acts on the world.
        on_error: What a failure does: end the run, take the handle `error`, or use `default`.
        attempts: How often it is tried at most.
        backoff: Seconds before the second attempt; later pauses double.
        timeout: Seconds an attempt may take, or None.
        budget: Limits of its own by kind, below those of the app.
        on_exceed: What happens when one of them is reached.
        cache: For how many seconds a result is kept for the same inputs, None for not at all.
        label: The information-flow label of its outputs, as far as the compiler can know.
        control: The label of the decisions under which it runs.
        lowers: The integrity that its outputs have whatever it saw: a person's answer, a choice from a closed set.
        reads_state: Whether an expression of it reads state.
        reads_session: Whether an expression of it reads the conversation.
        forwards: The node whose stream a `reply` forwards, or None.
        texts: Prompt and template texts of the bundle that it uses, by the key that names them.
        body: The graph inside it, where it is a container.
    """

    id: str
    type: str
    config: BaseModel
    inputs: Mapping[str, Binding]
    ports: Mapping[str, Type]
    sites: Mapping[str, Binding]
    outputs: Mapping[str, Port]
    handles: tuple[str, ...] = ()
    edges: tuple[Edge, ...] = ()
    predecessors: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    needs: tuple[Need, ...] = ()
    arms: Mapping[str, tuple[Need, ...]] = field(default_factory=dict[str, tuple[Need, ...]])
    losers: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    acts: tuple[Act, ...] = ()
    stoppable: bool = True
    on_error: Literal["fail", "branch", "default"] = "fail"
    default: Mapping[str, Json] = field(default_factory=dict[str, Json])
    attempts: int = 1
    backoff: float = 1.0
    timeout: float | None = None
    budget: Mapping[str, float] = field(default_factory=dict[str, float])
    on_exceed: Literal["stop", "degrade", "ask"] = "stop"
    cache: float | None = None
    label: Label = APP
    control: Label = APP
    lowers: Integrity | None = None
    reads_state: bool = False
    reads_session: bool = False
    forwards: str | None = None
    texts: Mapping[str, str] = field(default_factory=dict[str, str])
    body: CompiledBody | None = None

    def config_as(self, kind: type[C]) -> C:
        """Return the configuration as the node type's own model.

        Raises:
            TypeError: The node is of another type.
        """
        if not isinstance(self.config, kind):
            raise TypeError(f"{self.id} holds {type(self.config).__name__}, not {kind.__name__}")
        return self.config


@dataclass(frozen=True, kw_only=True, slots=True)
class CompiledBody:
    """The graph inside a container.

    Args:
        nodes: Nodes in topological order.
        evaluator: Evaluates expressions over its nodes, the container's own names, and all around it.
        sites: What leaves the body, by key: `/body/out/x`, a loop's `/until`.
        types: The types of those.
        names: The types of the names that it knows beside its nodes.
        reads: The nodes that `sites` read.
    """

    nodes: Mapping[str, CompiledNode]
    evaluator: Evaluator
    sites: Mapping[str, Binding]
    types: Mapping[str, Type]
    names: Mapping[str, Type]
    reads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InputPort:
    """An input of the app; `default` counts only when `has_default`."""

    type: Type
    required: bool
    default: Json = None
    has_default: bool = False


@dataclass(frozen=True, slots=True)
class StateKey:
    """A declared state key."""

    type: Type
    default: Json
    reducer: Literal["replace", "append", "add", "union", "merge", "max", "min"]
    scope: Literal["run", "session", "user", "app"]


@dataclass(frozen=True, kw_only=True, slots=True)
class CompiledApp:
    """A checked app: nodes in an order in which every node follows its predecessors.

    Args:
        id: The app's id.
        version: The app's version.
        digest: Content hash of the bundle that was compiled.
        document: The bundle's `app.yaml`.
        bundle: The bundle's files.
        resources: What the compiler knew of tools, models and bases.
        types: Named types.
        inputs: Inputs of the app.
        outputs: Types of the app's outputs.
        state: State keys.
        nodes: Nodes in topological order.
        evaluator: Evaluates the app's expressions.
        message: The input that a chat turn fills, or None.
        reply: The output that answers a chat turn, or None.
        apps: The apps that it runs, by its own names for them.
    """

    id: str
    version: str
    digest: str
    document: Document
    bundle: Bundle
    resources: Resources
    types: Mapping[str, Type]
    inputs: Mapping[str, InputPort]
    outputs: Mapping[str, Type]
    state: Mapping[str, StateKey]
    nodes: Mapping[str, CompiledNode]
    evaluator: Evaluator
    message: str | None = None
    reply: str | None = None
    apps: Mapping[str, CompiledApp] = field(default_factory=dict[str, "CompiledApp"])
