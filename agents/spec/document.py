"""`app.yaml` as Pydantic models: the shape of an app, before anything is resolved.

These models know keys and scalar forms only. Node configuration is checked against its node type's manifest, types and
expressions are read by the compiler. Every key that is not listed here is an error.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

__all__ = [
    "AppInfo",
    "Amounts",
    "Budget",
    "ChatSurface",
    "Document",
    "Id",
    "InputSpec",
    "KnowledgeNeed",
    "ModelNeed",
    "NodeSpec",
    "OutputSpec",
    "Policy",
    "Publish",
    "Requires",
    "Retry",
    "StateSpec",
    "Text",
    "TestSuite",
    "ToolNeed",
]

Id: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,47}$")]
AppId: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,62}$")]
DURATION = r"^\d+(\.\d+)?(ms|s|m|h|d)$"
DurationText: TypeAlias = Annotated[str, StringConstraints(pattern=DURATION)]


class Strict(BaseModel):
    """Base of all spec models: unknown keys are errors, values are not converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Bilingual(Strict):
    """One text in both languages; at least one must be there."""

    en: str | None = None
    zh: str | None = None


Text: TypeAlias = str | Bilingual
"""A label or description: one text, or `{en, zh}`."""


class AppInfo(Strict):
    """Identity and labels of the app."""

    id: AppId
    name: Text
    version: Annotated[str, StringConstraints(pattern=r"^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$")]
    description: Text | None = None


def _spell_type(value: object) -> object:
    """Spell the short form out.

    Raises:
        PydanticCustomError: The value is neither a type's text nor a mapping.
    """
    if isinstance(value, str):
        return {"type": value}
    if not isinstance(value, dict):
        raise PydanticCustomError("entry_type", "must be a type or a mapping")
    return cast("dict[str, object]", value)


class InputSpec(Strict):
    """An input of the app; the short form is just the type."""

    type: str
    default: Any = None
    label: Text | None = None
    description: Text | None = None
    choices: list[Any] | None = None


class OutputSpec(Strict):
    """An output of the app; the short form is just the type."""

    type: str
    label: Text | None = None
    description: Text | None = None


Reducer: TypeAlias = Literal["replace", "append", "add", "union", "merge", "max", "min"]
Scope: TypeAlias = Literal["run", "session", "user", "app"]


class StateSpec(Strict):
    """A state key; the short form is just the type."""

    type: str
    default: Any = None
    reducer: Reducer = "replace"
    scope: Scope = "run"


class Slo(Strict):
    """Service levels that a model choice must keep: seconds at the 95th percentile, US dollars a call."""

    p95_s: float | int | None = None
    usd: float | int | None = None


class ModelNeed(Strict):
    """What the app needs of a model, never a vendor."""

    caps: list[Literal["chat", "tools", "json", "vision", "embed", "rerank", "logprobs"]] = ["chat"]
    prefer: list[str] = []
    fallback: list[str] = []
    slo: Slo | None = None
    context: int | None = None
    policy: Literal["fixed", "cheapest", "fastest", "local_first", "learned"] | None = None
    residency: list[str] = []


class ToolNeed(Strict):
    """A tool server of the workspace's registry and the tools of it that this app may call."""

    server: str
    allow: list[str]


class KnowledgeNeed(Strict):
    """A knowledge base: `recipe` names a file of the bundle, `base` an existing base of the workspace."""

    recipe: str | None = None
    base: str | None = None


class AppNeed(Strict):
    """An app of the workspace that this one runs, and the content hash of the version that it runs."""

    app: Id
    digest: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None


class Requires(Strict):
    """Everything the app needs from its host."""

    models: dict[Id, ModelNeed] = {}
    tools: dict[Id, ToolNeed] = {}
    knowledge: dict[Id, KnowledgeNeed] = {}
    databases: dict[Id, str] = {}
    apps: dict[Id, AppNeed] = {}
    skills: list[str] = []
    secrets: list[Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{0,63}$")]] = []


class Amounts(Strict):
    """Limits of what is spent: US dollars, tokens of input and output, tool calls."""

    usd: float | int | None = None
    tokens: int | None = None
    tool_calls: int | None = None


class NodeBudget(Strict):
    """Limits that are enforced while a node runs, in all its attempts together.

    `turns` counts rounds of loops and turns of agents, `depth` how deep graphs run inside graphs. When a limit is
    reached, the node stops with an error, goes on with deployments that fit (`degrade`), or asks its owner (`ask`).
    """

    usd: float | int | None = None
    tokens: int | None = None
    seconds: float | int | None = None
    tool_calls: int | None = None
    turns: int | None = None
    depth: int | None = None
    on_exceed: Literal["stop", "degrade", "ask"] | None = None


class Budget(NodeBudget):
    """Limits of each run, of all runs of a day, and of those that one user starts on a day."""

    per_day: Amounts | None = None
    per_user: Amounts | None = None


class Retry(Strict):
    """Retry of a failed node: number of further attempts and first pause; pauses double, with jitter."""

    max: Annotated[int, Field(ge=1, le=10)]
    backoff: DurationText = "1s"


class NodeSpec(BaseModel):
    """A node: the keys that every type shares, and the rest (`config`) for its type's manifest."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True, populate_by_name=True)

    type: str
    inputs: dict[str, Any] = Field(default={}, alias="in")
    label: Text | None = None
    on_error: Literal["fail", "branch", "default"] = "fail"
    default: dict[str, Any] | None = None
    retry: Retry | None = None
    timeout: DurationText | None = None
    budget: NodeBudget | None = None
    cache: bool | DurationText | None = None

    @property
    def config(self) -> dict[str, Any]:
        """The keys that the node type's own manifest describes."""
        return dict(self.__pydantic_extra__ or {})


class TestSuite(Strict):
    """Cases, metrics and the gate that publishing asks."""

    __test__ = False

    suite: str | None = None
    metrics: list[dict[str, Any]] = []
    gate: dict[str, str] = {}


class ChatSurface(Strict):
    """Which input and output make a turn of a conversation, as `inputs.x` and `outputs.y`."""

    message: str | None = None
    reply: str | None = None


class McpSurface(Strict):
    """The app as one MCP tool."""

    tool: Id


class WidgetSurface(Strict):
    """Exact origins that may embed the chat widget."""

    origins: list[str] = []


class Publish(Strict):
    """Surfaces on which the app is offered."""

    chat: ChatSurface | None = None
    api: bool = False
    openai: bool = False
    mcp: McpSurface | None = None
    a2a: bool = False
    widget: WidgetSurface | None = None


class Policy(Strict):
    """Hosts that may be reached, treatment of personal data, retention and named waivers."""

    egress: list[str] = []
    pii: Literal["allow", "mask", "refuse"] = "allow"
    retain_days: int | None = None
    waivers: list[dict[str, Any]] = []


InputEntry: TypeAlias = Annotated[InputSpec, BeforeValidator(_spell_type, json_schema_input_type=str | InputSpec)]
OutputEntry: TypeAlias = Annotated[OutputSpec, BeforeValidator(_spell_type, json_schema_input_type=str | OutputSpec)]
StateEntry: TypeAlias = Annotated[StateSpec, BeforeValidator(_spell_type, json_schema_input_type=str | StateSpec)]


class Document(Strict):
    """A whole `app.yaml`."""

    dsl: Literal[1]
    app: AppInfo
    types: dict[str, dict[str, Any]] = {}
    inputs: dict[Id, InputEntry] = {}
    outputs: dict[Id, OutputEntry] = {}
    state: dict[Id, StateEntry] = {}
    requires: Requires = Requires()
    budget: Budget = Budget()
    nodes: dict[Id, NodeSpec]
    edges: list[tuple[str, str]] = []
    tests: TestSuite | None = None
    publish: Publish = Publish()
    policy: Policy = Policy()
