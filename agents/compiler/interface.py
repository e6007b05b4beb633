"""A compiled app as another app sees it that runs it: its ports, what it reads, what it may do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from runtime.base.labels import join

from ..graph import CompiledApp, CompiledNode
from ..nodes.agent import AgentConfig
from ..nodes.http import HttpConfig, http_tool
from ..nodes.sql import SqlConfig, sql_tool
from ..nodes.subflow import SubflowConfig
from ..nodes.tool import ToolConfig
from ..spec import AppInfo, ToolInfo

__all__ = ["broken", "interface_of"]


def interface_of(app: CompiledApp, *, latest: str | None = None) -> AppInfo:
    """Return what another app must know of an app to run it.

    Args:
        app: The app.
        latest: The hash of its newest version.
    """
    lasting = [name for name, key in app.state.items() if key.scope != "run"]
    problem = f"it keeps state beyond a run: {', '.join(lasting)}" if lasting else ""
    calls = {name: (info, approved) for name, info, approved in _tools(app)}
    return AppInfo(
        app=app.id,
        digest=app.digest,
        latest=latest,
        inputs={name: port.type for name, port in app.inputs.items()},
        required=frozenset(name for name, port in app.inputs.items() if port.required),
        outputs=app.outputs,
        reads=join(node.label.join(node.control) for node in app.nodes.values() if node.type == "end"),
        tools={name: info for name, (info, _) in calls.items()},
        approved=frozenset(name for name, (_, approved) in calls.items() if approved),
        problem=problem,
        seconds=app.document.budget.seconds,
    )


def broken(app: str, digest: str, problem: str) -> AppInfo:
    """Return what is known of an app that cannot be run."""
    return AppInfo(app=app, digest=digest, problem=problem)


def _tools(app: CompiledApp) -> Iterator[tuple[str, ToolInfo, bool]]:
    """Yield each tool that an app may call, with those of the apps inside it, and whether a person agrees first."""
    for node in _every(app.nodes):
        config = node.config
        if isinstance(config, SubflowConfig):
            inner = app.resources.apps.get(config.app)
            for name, info in inner.tools.items() if inner else ():
                yield f"{config.app}/{name}", info, inner is not None and name in inner.approved
        elif isinstance(config, HttpConfig):
            info = http_tool(config, dynamic=bool(node.inputs))
            yield info.name, info, config.approve in ("effects", "always")
        elif isinstance(config, SqlConfig):
            info = sql_tool(config, app.resources.databases.get(config.database))
            yield info.name, info, config.approve in ("effects", "always")
        elif isinstance(config, ToolConfig | AgentConfig):
            names = [config.tool] if isinstance(config, ToolConfig) else config.tools
            for name in names:
                alias, _, tool = name.partition(".")
                server = app.resources.servers.get(app.document.requires.tools[alias].server, {})
                yield name, server.get(tool) or ToolInfo(name=tool), config.approve in ("effects", "always")


def _every(nodes: Mapping[str, CompiledNode]) -> Iterator[CompiledNode]:
    for node in nodes.values():
        yield node
        if node.body is not None:
            yield from _every(node.body.nodes)
