"""`bundle.lock`: what an app's requirements were when it was last locked, so that checking it starts nothing.

A lock travels with the bundle and may have been written by anyone: it informs a check, while a host that runs the
app compiles it against its own registries and compares the fingerprints.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from hashlib import sha256
from typing import Any, Literal, cast

from pydantic import BaseModel, ConfigDict, ValidationError

from runtime.base.errors import Json
from runtime.base.labels import Integrity, Label

from ..diagnostics import Diagnostic
from ..types import from_schema, to_schema
from .bundle import LOCK, Bundle
from .document import AppNeed, Document
from .finding import Phrase, finding
from .resources import (
    AppInfo,
    Approval,
    BaseInfo,
    DatabaseInfo,
    Effect,
    EffectClass,
    ModelInfo,
    Reads,
    Resources,
    SkillInfo,
    ToolInfo,
    ToolPolicy,
)

__all__ = ["Lock", "fingerprint", "lock_from_resources", "read_lock", "resources_from_lock"]


class _Locked(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class LockedPolicy(_Locked):
    """A `ToolPolicy`."""

    effect_class: EffectClass = "once"
    effect: Effect = "irreversible"
    reads: Reads = "untrusted"
    private: bool = True
    sinks: tuple[str, ...] = ()
    approval: Approval = "effects"


class LockedTool(_Locked):
    """A `ToolInfo`, whose name is its key."""

    description: str = ""
    inputSchema: dict[str, Any]
    outputSchema: dict[str, Any] | None = None
    policy: LockedPolicy = LockedPolicy()


class LockedServer(_Locked):
    """A tool server: every tool it offers, and their fingerprint."""

    server: str
    fingerprint: str
    tools: dict[str, LockedTool] = {}


class LockedModel(_Locked):
    """A `ModelInfo`."""

    id: str
    caps: list[str]
    context: int


class LockedBase(_Locked):
    """A `BaseInfo`."""

    name: str
    languages: tuple[str, ...] = ()
    embedder: str = ""
    embedder_languages: tuple[str, ...] = ()
    dimension: int = 0
    trust: Literal["app", "user", "bounded", "untrusted"] = "untrusted"
    documents: int = 0


class LockedSkill(_Locked):
    """A `SkillInfo`, whose name is its key."""

    description: str = ""


class LockedDatabase(_Locked):
    """A `DatabaseInfo`."""

    name: str
    write: bool = False
    ledger: bool = False
    reads: Reads = "untrusted"
    private: bool = True


class LockedApp(_Locked):
    """An `AppInfo`: types as JSON Schemas, labels as their names."""

    app: str
    digest: str
    inputs: dict[str, dict[str, Any]] = {}
    required: list[str] = []
    outputs: dict[str, dict[str, Any]] = {}
    reads: list[str] = ["untrusted", "workspace"]
    tools: dict[str, LockedTool] = {}
    approved: list[str] = []
    seconds: float | int | None = None


class Lock(_Locked):
    """A whole `bundle.lock`: by the app's alias, what tool servers, models, bases and skills were."""

    version: Literal[1] = 1
    tools: dict[str, LockedServer] = {}
    models: dict[str, list[LockedModel]] = {}
    knowledge: dict[str, LockedBase] = {}
    databases: dict[str, LockedDatabase] = {}
    apps: dict[str, LockedApp] = {}
    skills: dict[str, LockedSkill] = {}

    def to_text(self) -> str:
        """Return the lock's one text: aliases and tools by name, schemas in the order of their server."""
        data = self.model_dump(mode="json")
        for section in ("databases", "apps"):
            if not data[section]:
                del data[section]
        for section in sorted(data.keys() - {"version"}):
            data[section] = dict(sorted(data[section].items()))
        for server in data["tools"].values():
            server["tools"] = dict(sorted(server["tools"].items()))
        return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def read_lock(bundle: Bundle) -> tuple[Lock | None, list[Diagnostic]]:
    """Return the bundle's lock, or None where there is none or it cannot be read, and what is wrong with it."""
    content = bundle.files.get(LOCK)
    if content is None:
        return None, []
    try:
        lock = Lock.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        problem = f"{place}: {first['msg']}" if place else first["msg"]
        return None, [_unreadable(Phrase(problem, problem))]
    for alias, server in lock.tools.items():
        if server.fingerprint != fingerprint(_tools(server.tools)):
            changed = Phrase(f"the tools of {alias!r} were changed by hand", f"{alias!r} 的工具被手工改动过")
            return None, [_unreadable(changed)]
    return lock, []


def fingerprint(tools: Mapping[str, ToolInfo]) -> str:
    """Return the SHA-256 of what a server says of its tools; the workspace's policy is not part of it."""
    said: Json = {
        name: [tool.description, dict(tool.input_schema), dict(tool.output_schema) if tool.output_schema else None]
        for name, tool in tools.items()
    }
    return sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def resources_from_lock(lock: Lock | None, document: Document) -> Resources:
    """Return what a lock knows for a document; complete when it covers everything that the document requires."""
    if lock is None:
        return Resources()
    needs = document.requires
    servers = {need.server for need in needs.tools.values()}
    tools = {server.server: _tools(server.tools) for server in lock.tools.values()}
    apps = {alias: _app(app) for alias, app in lock.apps.items() if _meant(needs.apps.get(alias), app)}
    covered = (
        servers <= tools.keys()
        and needs.models.keys() <= lock.models.keys()
        and needs.knowledge.keys() <= lock.knowledge.keys()
        and needs.databases.keys() <= lock.databases.keys()
        and needs.apps.keys() <= apps.keys()
        and set(needs.skills) <= lock.skills.keys()
    )
    return Resources(
        servers=tools,
        models={alias: tuple(map(_model, models)) for alias, models in lock.models.items()},
        bases={alias: _base(base) for alias, base in lock.knowledge.items()},
        databases={alias: DatabaseInfo(**base.model_dump()) for alias, base in lock.databases.items()},
        apps=apps,
        skills={name: SkillInfo(name=name, description=skill.description) for name, skill in lock.skills.items()},
        complete=covered,
    )


def lock_from_resources(resources: Resources, document: Document) -> Lock:
    """Return the lock of what a document requires, as far as it is known."""
    needs = document.requires
    return Lock(
        tools={
            alias: _locked_server(need.server, resources.servers[need.server])
            for alias, need in needs.tools.items()
            if need.server in resources.servers
        },
        models={
            alias: [LockedModel(id=model.id, caps=sorted(model.caps), context=model.context) for model in models]
            for alias, models in resources.models.items()
            if alias in needs.models
        },
        knowledge={alias: _locked_base(base) for alias, base in resources.bases.items() if alias in needs.knowledge},
        databases={
            alias: LockedDatabase.model_validate(asdict(base))
            for alias, base in resources.databases.items()
            if alias in needs.databases
        },
        apps={
            alias: _locked_app(app) for alias, app in resources.apps.items() if alias in needs.apps and not app.problem
        },
        skills={
            name: LockedSkill(description=resources.skills[name].description)
            for name in needs.skills
            if name in resources.skills
        },
    )


def _tools(locked: Mapping[str, LockedTool]) -> dict[str, ToolInfo]:
    return {
        name: ToolInfo(
            name=name.rpartition(".")[2],
            description=tool.description,
            input_schema=tool.inputSchema,
            output_schema=tool.outputSchema,
            policy=ToolPolicy(**tool.policy.model_dump()),
        )
        for name, tool in locked.items()
    }


def _locked_tools(tools: Mapping[str, ToolInfo]) -> dict[str, LockedTool]:
    return {
        name: LockedTool(
            description=tool.description,
            inputSchema=dict(tool.input_schema),
            outputSchema=None if tool.output_schema is None else dict(tool.output_schema),
            policy=LockedPolicy(**asdict(tool.policy)),
        )
        for name, tool in tools.items()
    }


def _locked_server(name: str, tools: Mapping[str, ToolInfo]) -> LockedServer:
    return LockedServer(server=name, fingerprint=fingerprint(tools), tools=_locked_tools(tools))


def _meant(need: AppNeed | None, app: LockedApp) -> bool:
    """Whether a locked app is the one that a document requires now."""
    return need is not None and need.app == app.app and need.digest in (None, app.digest)


def _app(app: LockedApp) -> AppInfo:
    return AppInfo(
        app=app.app,
        digest=app.digest,
        inputs={name: from_schema(schema, name) for name, schema in app.inputs.items()},
        required=frozenset(app.required),
        outputs={name: from_schema(schema, name) for name, schema in app.outputs.items()},
        reads=Label.from_json([*app.reads]),
        tools=_tools(app.tools),
        approved=frozenset(app.approved),
        seconds=app.seconds,
    )


def _locked_app(app: AppInfo) -> LockedApp:
    return LockedApp(
        app=app.app,
        digest=app.digest,
        inputs={name: to_schema(kind) for name, kind in app.inputs.items()},
        required=sorted(app.required),
        outputs={name: to_schema(kind) for name, kind in app.outputs.items()},
        reads=cast("list[str]", app.reads.to_json()),
        tools=_locked_tools(app.tools),
        approved=sorted(app.approved),
        seconds=app.seconds,
    )


def _model(model: LockedModel) -> ModelInfo:
    return ModelInfo(id=model.id, caps=frozenset(model.caps), context=model.context)


def _base(base: LockedBase) -> BaseInfo:
    return BaseInfo(**base.model_dump(exclude={"trust"}), trust=Integrity[base.trust.upper()])


def _locked_base(base: BaseInfo) -> LockedBase:
    return LockedBase.model_validate({**asdict(base), "trust": base.trust.name.lower()})


def _unreadable(problem: Phrase) -> Diagnostic:
    return finding("BG108", "", {"name": LOCK, "problem": problem}, file=LOCK)
