"""Phase 7: what the app needs of its host. Tools, knowledge, skills and secrets against the frozen snapshot."""

from __future__ import annotations

from ..diagnostics import Fix, Op, Phrase, hint, nearest
from ..nodes.dialogue import not_in_bundle
from ..nodes.retrieve import RetrieveConfig
from ..nodes.subflow import SubflowConfig
from ..spec.document import AppNeed, ToolNeed
from .draft import Draft, Node
from .lanes import stoppable

__all__ = ["check_resources"]


def check_resources(draft: Draft) -> None:
    """Report tools, bases, models and secrets that the app names and the host does not have."""
    _needs(draft)
    for inner in draft.every():
        for node in inner.nodes.values():
            _uses(inner, node)
        _unused(inner)


def _uses(draft: Draft, node: Node) -> None:
    if node.view.spec.cache and not stoppable(node):
        draft.report("BG421", f"{node.view.pointer}/cache", node=node.id, name=node.id)
    for act in node.kind.acts(node.view):
        if act.of == "server":
            _tool(draft, node.id, node.view.pointer, act.name)
    config = node.view.config
    if isinstance(config, SubflowConfig) and config.app not in draft.scope.document.requires.apps:
        problem = Phrase("is not in requires.apps", "不在 requires.apps 中")
        near = hint(config.app, draft.scope.document.requires.apps)
        draft.report("BG415", f"{node.view.pointer}/app", node=node.id, name=config.app, problem=problem, hint=near)
    if isinstance(config, RetrieveConfig) and config.from_ not in draft.scope.document.requires.knowledge:
        declared = draft.scope.document.requires.knowledge
        text = hint(config.from_, declared, prefix=Phrase("Declared", "已声明"))
        draft.report("BG406", f"{node.view.pointer}/from", node=node.id, name=config.from_, hint=text)


def _needs(draft: Draft) -> None:
    needs, resources = draft.scope.document.requires, draft.scope.resources
    for alias, need in needs.tools.items():
        _server(draft, alias, need)
    for alias in needs.models:
        if resources.complete and not resources.models.get(alias):
            problem = Phrase("none has its capabilities and context", "没有满足其能力和上下文要求的部署")
            draft.report("BG402", f"/requires/models/{alias}", name=alias, problem=problem)
    for alias, name in needs.databases.items():
        _database(draft, alias, name)
    for alias, need in needs.apps.items():
        _app(draft, alias, need)
    for alias, need in needs.knowledge.items():
        _base(draft, alias, need.recipe)
    for at, secret in enumerate(needs.secrets):
        if resources.secrets is not None and secret not in resources.secrets:
            draft.report("BG409", f"/requires/secrets/{at}", name=secret)


def _database(draft: Draft, alias: str, name: str) -> None:
    resources, path = draft.scope.resources, f"/requires/databases/{alias}"
    if alias in resources.databases:
        return
    if resources.complete:
        problem = Phrase("is not in this home's databases.yaml", "不在本机的 databases.yaml 中")
        draft.report("BG420", path, name=name, problem=problem, hint="")
    else:
        draft.report("BG410", path, what=Phrase(f"the database {name!r}", f"数据库 {name!r}"))


def _app(draft: Draft, alias: str, need: AppNeed) -> None:
    resources = draft.scope.resources
    path, info = f"/requires/apps/{alias}", resources.apps.get(alias)
    if need.digest is None:
        fix = None if info is None else _pin(path, info.digest)
        draft.report("BG414", path, fix=fix, name=alias, app=need.app)
    elif info is None and resources.complete:
        problem = Phrase("is not here in the version that is named", "此处没有所指定的版本")
        draft.report("BG415", path, name=need.app, problem=problem, hint="")
    elif info is None:
        draft.report("BG410", path, what=Phrase(f"the app {need.app!r}", f"应用 {need.app!r}"))
    elif info.problem:
        draft.report("BG416", path, name=need.app, problem=info.problem)
    elif info.latest not in (None, need.digest):
        draft.report("BG417", path, fix=_pin(path, str(info.latest)), name=need.app)


def _pin(path: str, digest: str) -> Fix:
    return Fix("Use this version", "使用此版本", (Op(op="set", path=f"{path}/digest", value=digest),))


def _server(draft: Draft, alias: str, need: ToolNeed) -> None:
    resources = draft.scope.resources
    known = resources.servers.get(need.server)
    if known is None and resources.complete:
        text = hint(need.server, resources.servers)
        draft.report("BG413", f"/requires/tools/{alias}/server", name=need.server, hint=text)
    elif known is None:
        draft.report(
            "BG410",
            f"/requires/tools/{alias}",
            what=Phrase(f"the tool server {need.server!r}", f"工具服务器 {need.server!r}"),
        )
    for at, tool in enumerate(need.allow if known is not None else ()):
        if known is not None and tool not in known:
            text = hint(tool, known)
            draft.report("BG404", f"/requires/tools/{alias}/allow/{at}", name=f"{need.server}.{tool}", hint=text)


def _base(draft: Draft, alias: str, recipe: str | None) -> None:
    path = f"/requires/knowledge/{alias}"
    if recipe is not None and recipe not in draft.scope.bundle.files:
        near = nearest(recipe, draft.scope.bundle.files)
        problem = not_in_bundle(near)
        draft.report("BG108", f"{path}/recipe", name=recipe, problem=problem)
    info = draft.scope.base(alias)
    if info is None:
        return
    for language in info.languages:
        if info.embedder_languages and language not in info.embedder_languages:
            names = {"name": alias, "language": language, "embedder": info.embedder}
            draft.report("BG407", path, names)


def _tool(draft: Draft, node: str, path: str, tool: str) -> None:
    scope = draft.scope
    alias, _, name = tool.partition(".")
    need = scope.document.requires.tools.get(alias)
    if need is None:
        declared = scope.document.requires.tools
        draft.report(
            "BG404",
            path,
            node=node,
            name=tool,
            hint=hint(alias, declared, prefix=Phrase("Declared servers", "已声明的服务器")),
        )
    elif name not in need.allow:
        text = hint(name, need.allow, prefix=Phrase(f"requires.tools.{alias} allows", f"requires.tools.{alias} 允许"))
        draft.report("BG404", path, node=node, name=tool, hint=text)


def _unused(draft: Draft) -> None:
    read = {wire.reference.root for node in draft.nodes.values() for wire in node.wires}
    if draft.terminal is not None:
        read |= {wire.reference.root for wire in draft.terminal.wires}
    followed = {edge.source for node in draft.nodes.values() for edge in node.edges}
    for name, node in draft.nodes.items():
        pure = node.view.spec.type in ("transform", "llm", "retrieve", "extract")
        if pure and name not in read | followed:
            draft.report("BG212", node.view.pointer, node=name, name=name)
