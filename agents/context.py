"""The one door between a node's body and the world.

A body asks for everything through its `Context`: models, tools, retrieval, files, state, time, people. The host
records each answer under (path, attempt, kind, target, hash of the arguments, ordinal among equal calls), so that a
body that is executed again continues where it was, and a replay needs no world at all. Bodies must therefore be
deterministic between two calls: no clock, no randomness and no input of their own.

Labels: the context keeps the join of the labels of the node's inputs, of the decisions under which it runs and of every
answer that the body has received (`Context.label`). A request counts as labelled with that join unless it says
otherwise; every answer comes back as a `Labelled` value whose label includes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Protocol

from runtime.base.errors import Json
from runtime.base.labels import Label, Labelled

from .expressions import Binding
from .modelcall import ChatMessage, ModelReply, ModelRequest, ToolCall, ToolOffer

if TYPE_CHECKING:
    from .graph import CompiledApp
    from .spec import ToolInfo

__all__ = [
    "Answer",
    "AskRequest",
    "Budget",
    "ChatMessage",
    "Context",
    "FileReply",
    "FileRequest",
    "ItemFailure",
    "ModelReply",
    "ModelRequest",
    "RetrieveReply",
    "RetrieveRequest",
    "Session",
    "ToolCall",
    "ToolOffer",
    "ToolReply",
    "ToolRequest",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolRequest:
    """A tool call by `alias.tool`.

    Args:
        tool: The tool's name in the app.
        arguments: Its arguments, checked against its schema before anything is sent.
        approve: When a person must agree first; the registry's rule wins where it is stricter.
        label: Label of the arguments and of the decision to call, where it is lower than all that the body has seen.
        info: What is known of it, where it is no server's but one that the engine has itself: `http`, `sql`.
    """

    tool: str
    arguments: dict[str, Json]
    approve: Literal["effects", "always", "never"] | None = None
    label: Label | None = None
    info: ToolInfo | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolReply:
    """A tool's result: structured data, the text a model reads, and files that it made."""

    data: Json
    text: str
    files: tuple[dict[str, Json], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class RetrieveRequest:
    """A search of a declared base."""

    base: str
    query: str
    k: int = 5
    filter: Mapping[str, Json] = field(default_factory=dict[str, Json])


@dataclass(frozen=True, kw_only=True, slots=True)
class RetrieveReply:
    """Passages in rank order, their citations, and their numbered text."""

    passages: tuple[dict[str, Json], ...]
    citations: tuple[dict[str, Json], ...]
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FileRequest:
    """Store a file, or read one.

    Args:
        name: File name for a new file.
        media_type: Its media type.
        content: Its bytes; None reads.
        id: The artifact to read.
    """

    name: str = ""
    media_type: str = "application/octet-stream"
    content: bytes | None = None
    id: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class FileReply:
    """A `file` value and, when it was read, its bytes."""

    file: dict[str, Json]
    content: bytes = b""


@dataclass(frozen=True, kw_only=True, slots=True)
class AskRequest:
    """A question to a person.

    Args:
        kind: A form, the approval of one exact call, more of a budget, or what no person answers: a timer, an event
            from outside.
        actions: What they may choose.
        form: JSON Schemas of the fields they fill in.
        shown: What they see.
        who: The principals, or kinds of principals, that may answer; empty is anybody with access to the run.
        wait: How long to wait, such as `2h`; None waits for ever.
        on_timeout: The action that is taken when the wait is over.
        remind: After which time, again and again, an event reminds of the question.
    """

    kind: Literal["form", "approval", "budget", "timer", "event"]
    actions: tuple[str, ...]
    form: Mapping[str, Mapping[str, Json]] = field(default_factory=dict[str, Mapping[str, Json]])
    shown: Mapping[str, Json] = field(default_factory=dict[str, Json])
    who: tuple[str, ...] = ()
    wait: str | None = None
    on_timeout: str | None = None
    remind: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """A person's answer; after a timeout `form` is empty and `by` None."""

    action: str
    form: dict[str, Json]
    by: str | None
    at: str


@dataclass(frozen=True, slots=True)
class Session:
    """The conversation that the run belongs to; a run outside any has an empty one."""

    id: str
    messages: tuple[dict[str, Json], ...]


@dataclass(frozen=True, slots=True)
class ItemFailure:
    """The failure of one pass of several: an `Error` as the language knows it."""

    error: dict[str, Json]


class Budget(Protocol):
    """The account that the node draws on; sub-flows and retries draw on the same one."""

    async def reserve(self, amounts: Mapping[str, float]) -> str:
        """Set amounts (`usd`, `tokens`, `tool_calls`, `turns`; `seconds`, `depth`) aside and return their id.

        Raises:
            BaigongError: The budget does not hold them.
        """
        ...

    async def settle(self, reservation: str, amounts: Mapping[str, float]) -> None:
        """Replace a reservation by what was really used."""
        ...


class Context(Protocol):
    """What a node's body may ask of its host."""

    @property
    def path(self) -> str:
        """The node path, the key of journal, events and errors."""
        ...

    @property
    def attempt(self) -> int:
        """Counts from 1; a retry or a resume raises it."""
        ...

    @property
    def app(self) -> CompiledApp:
        """The app that runs."""
        ...

    @property
    def label(self) -> Label:
        """The join of all that the body has seen so far."""
        ...

    @property
    def budget(self) -> Budget:
        """The account that the node draws on."""
        ...

    @property
    def cancelled(self) -> bool:
        """Whether the run is being cancelled; long bodies look now and then."""
        ...

    def evaluate(self, binding: Binding) -> Json:
        """Evaluate an expression of the node over the run's values.

        Raises:
            ExpressionError: It failed.
        """
        ...

    async def model(self, request: ModelRequest) -> Labelled[ModelReply]:
        """Call a model through the router."""
        ...

    async def tool(self, request: ToolRequest) -> Labelled[ToolReply]:
        """Call a tool through the monitor, the approval and the effect ledger."""
        ...

    async def retrieve(self, request: RetrieveRequest) -> Labelled[RetrieveReply]:
        """Search a base by the one retrieval path."""
        ...

    async def file(self, request: FileRequest) -> Labelled[FileReply]:
        """Store or read an artifact."""
        ...

    async def state(self, key: str) -> Labelled[Json]:
        """Read a state key as of this node's place in the graph."""
        ...

    async def write_state(self, key: str, value: Json) -> None:
        """Write a state key through its reducer, labelled with all that the body has seen."""
        ...

    async def session(self) -> Labelled[Session]:
        """Read the conversation as it was when the run began."""
        ...

    async def clock(self) -> Labelled[datetime]:
        """Return the time in UTC; recorded, so that a replay sees the same."""
        ...

    async def random(self) -> Labelled[float]:
        """Return a number in [0, 1); recorded."""
        ...

    async def choose(self, names: Sequence[str]) -> Labelled[str]:
        """Return the first of some names; recorded, so that the same is chosen again whatever has come since."""
        ...

    async def turn(self, number: int) -> None:
        """Count a round against the budget, where that limits turns.

        Raises:
            BaigongError: The budget does not hold another one.
        """
        ...

    async def ask(self, request: AskRequest) -> Labelled[Answer]:
        """Ask a person; the run parks until there is an answer."""
        ...

    async def reply(self, text: str, citations: Sequence[Json] = ()) -> None:
        """Send a message to whoever watches the run."""
        ...

    async def emit(self, message: str, data: Mapping[str, Json] | None = None) -> None:
        """Write a `log` event; never a secret."""
        ...

    async def run_graph(self, app: CompiledApp, inputs: Mapping[str, Json]) -> Labelled[dict[str, Json]]:
        """Run another app's graph under this node's path, on this run's budget and its own, and return its outputs.

        Raises:
            BaigongError: The inputs do not fit it, a node of it failed, or the budget allows no more depth.
        """
        ...

    async def once(self, names: Mapping[str, Json], *, name: str) -> Labelled[dict[str, Json]]:
        """Run the node's body once and return what its inner places hold, by key.

        Args:
            names: Values of the names that the body knows beside its nodes.
            name: What stands between this node's path and those of the body's nodes, such as `#2.`.
        """
        ...

    async def passes(
        self, names: Sequence[Mapping[str, Json]], *, parallel: int, tolerant: bool
    ) -> Labelled[list[dict[str, Json] | ItemFailure]]:
        """Run the node's body once for each set of names, some at a time, and return all results in order.

        A pass that waits for a person does not count towards `parallel`. The nodes of pass 3 are found under `[3].`.

        Args:
            names: Values of the names that the body knows beside its nodes, by pass.
            parallel: How many passes run at a time.
            tolerant: Whether a pass that fails becomes an `ItemFailure`; else it fails the node, and no more are begun.
        """
        ...
