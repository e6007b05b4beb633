"""A compiled app as another app sees it that runs it: its ports, what it reads, what it may do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from runtime.base.labels import join

from ..graph import CompiledApp, CompiledNode
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
    acts = [act for node in _every(app.nodes) for act in node.acts]
    return AppInfo(
        app=app.id,
        digest=app.digest,
        latest=latest,
        inputs={name: port.type for name, port in app.inputs.items()},
        required=frozenset(name for name, port in app.inputs.items() if port.required),
        outputs=app.outputs,
        reads=join(node.label.join(node.control) for node in app.nodes.values() if node.type == "end"),
        tools={act.name: act.info or ToolInfo(name=act.name) for act in acts},
        approved=frozenset(act.name for act in acts) - {act.name for act in acts if not act.approved},
        problem=problem,
        seconds=app.document.budget.seconds,
    )


def broken(app: str, digest: str, problem: str) -> AppInfo:
    """Return what is known of an app that cannot be run."""
    return AppInfo(app=app, digest=digest, problem=problem)


def _every(nodes: Mapping[str, CompiledNode]) -> Iterator[CompiledNode]:
    for node in nodes.values():
        yield node
        if node.body is not None:
            yield from _every(node.body.nodes)
