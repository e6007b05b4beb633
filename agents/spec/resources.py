"""What the compiler may know of the host: a frozen snapshot of tools, models, knowledge bases and skills."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from runtime.base.errors import Json
from runtime.base.labels import APP, Confidentiality, Integrity, Label

from ..types import Type

__all__ = [
    "AppInfo",
    "BaseInfo",
    "DatabaseInfo",
    "EffectClass",
    "ModelInfo",
    "Resources",
    "SkillInfo",
    "ToolInfo",
    "ToolPolicy",
    "base_label",
]

EffectClass: TypeAlias = Literal["pure", "keyed", "checkable", "once"]
"""What to do with a call that may have happened: run it again, again with the same key, ask the tool, ask a person."""

Effect: TypeAlias = Literal["none", "reversible", "irreversible", "egress"]
Reads: TypeAlias = Literal["trusted", "untrusted"]
Approval: TypeAlias = Literal["never", "effects", "always"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolPolicy:
    """What a workspace says of a tool; what it does not say is taken for the worst.

    Args:
        effect_class: What to do with a call that may or may not have happened before a crash.
        effect: What a call does to the world; `egress` sends data out.
        reads: Whether what it returns can be chosen by somebody outside.
        private: Whether what it returns belongs to the workspace.
        sinks: The arguments whose content leaves the workspace; empty means all, where `effect` is `egress`.
        approval: When a person must agree to a call.
    """

    effect_class: EffectClass = "once"
    effect: Effect = "irreversible"
    reads: Reads = "untrusted"
    private: bool = True
    sinks: tuple[str, ...] = ()
    approval: Approval = "effects"


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolInfo:
    """A tool as its server describes it, with JSON Schemas, and the workspace's policy for it."""

    name: str
    description: str = ""
    input_schema: Mapping[str, Json] = field(default_factory=dict[str, Json])
    output_schema: Mapping[str, Json] | None = None
    policy: ToolPolicy = ToolPolicy()


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelInfo:
    """A deployment that can serve a model alias: its id, capabilities and context window in tokens."""

    id: str
    caps: frozenset[str]
    context: int


@dataclass(frozen=True, kw_only=True, slots=True)
class BaseInfo:
    """A knowledge base: languages as ISO 639-1 codes, the embedder and its vectors, trust and number of documents."""

    name: str
    languages: tuple[str, ...] = ()
    embedder: str = ""
    embedder_languages: tuple[str, ...] = ()
    dimension: int = 0
    trust: Integrity = Integrity.UNTRUSTED
    documents: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class SkillInfo:
    """A skill's name and the description by which it is chosen."""

    name: str
    description: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class AppInfo:
    """Another app as the one that runs it sees it.

    Args:
        app: Its id.
        digest: The content hash of the version that is meant.
        latest: The hash of the newest version, None where that is not known.
        inputs: Types of its inputs.
        required: The inputs that must be given.
        outputs: Types of its outputs.
        reads: The label of what it reads itself.
        tools: The tools that it may call, by `alias.tool`.
        approved: Those of them that are never called without a person's agreement.
        problem: Why it cannot be run by another app; empty if it can.
        seconds: How long a run of it may take, None for any time.
    """

    app: str
    digest: str
    latest: str | None = None
    inputs: Mapping[str, Type] = field(default_factory=dict[str, Type])
    required: frozenset[str] = frozenset()
    outputs: Mapping[str, Type] = field(default_factory=dict[str, Type])
    reads: Label = APP
    tools: Mapping[str, ToolInfo] = field(default_factory=dict[str, ToolInfo])
    approved: frozenset[str] = frozenset()
    problem: str = ""
    seconds: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DatabaseInfo:
    """A database that the administrator has listed.

    Args:
        name: Its name.
        write: Whether apps may change it.
        ledger: Whether it notes each change, so that each is made exactly once.
        reads: Whether what it holds can be chosen by somebody outside.
        private: Whether what it holds belongs to the workspace.
    """

    name: str
    write: bool = False
    ledger: bool = False
    reads: Reads = "untrusted"
    private: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Resources:
    """Everything that is known.

    Args:
        servers: Tools by server and name.
        models: Deployments by the app's model alias, best first.
        bases: Knowledge bases by the app's alias.
        databases: Databases by the app's own names for them.
        apps: Apps that it runs, by its own names for them.
        skills: Skills by name.
        secrets: Names of the secrets that are set; None where that is not known.
        complete: Whether everything that the app requires was looked up; if not, what is missing may still exist.
    """

    servers: Mapping[str, Mapping[str, ToolInfo]] = field(default_factory=dict[str, Mapping[str, ToolInfo]])
    models: Mapping[str, tuple[ModelInfo, ...]] = field(default_factory=dict[str, tuple[ModelInfo, ...]])
    bases: Mapping[str, BaseInfo] = field(default_factory=dict[str, BaseInfo])
    databases: Mapping[str, DatabaseInfo] = field(default_factory=dict[str, DatabaseInfo])
    apps: Mapping[str, AppInfo] = field(default_factory=dict[str, AppInfo])
    skills: Mapping[str, SkillInfo] = field(default_factory=dict[str, SkillInfo])
    secrets: frozenset[str] | None = None
    complete: bool = False


def base_label(info: BaseInfo | None) -> Label:
    """Return the label of a base's passages; nobody vouches for those of a base that is not known."""
    trust = info.trust if info else Integrity.UNTRUSTED
    return Label(trust, Confidentiality.PUBLIC if trust is Integrity.APP else Confidentiality.WORKSPACE)
