"""Results of nodes that are kept for a while: the same node with the same inputs is not run again.

What was found, or that nothing was, is recorded like any reading of the world, so that a replay and a node that is
executed again come to the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast

from agents.graph import CompiledNode
from agents.nodes import Outcome

from ..base.errors import Json
from ..base.labels import Label
from .context import HostContext
from .frame import Frame
from .journal import argument_hash
from .runs import now
from .segment import Segment
from .values import restore, spill

__all__ = ["Kept", "kept"]

_READ: Final = "SELECT value FROM results WHERE workspace = ? AND key = ? AND expires > ?"
_WRITE: Final = (
    "INSERT INTO results (workspace, key, value, created, expires) VALUES (?, ?, ?, ?, ?) ON CONFLICT (workspace, key) "
    "DO UPDATE SET value = excluded.value, created = excluded.created, expires = excluded.expires"
)


@dataclass(frozen=True, slots=True)
class Kept:
    """The result of a node with certain inputs.

    Attributes:
        segment: The run.
        context: The node's.
        key: Names the node and all that its result depends on.
        seconds: How long it is kept.
    """

    segment: Segment
    context: HostContext
    key: str
    seconds: float

    async def find(self) -> Outcome | None:
        """Return what the node came to before, if that is still kept."""
        found = await self.context.calls.serve("value", "cache", self.key, self._look, outside=False)
        kept = found["result"]
        if not isinstance(kept, dict):
            return None
        stored = cast("dict[str, Json]", kept["ports"])
        ports = await restore(stored, self.segment.host.files, self.segment.info.workspace)
        self.context.seen(Label.from_json(kept["label"]))
        return Outcome(outputs=ports, handle=cast("str | None", kept["handle"]))

    async def _look(self) -> dict[str, Json]:
        segment = self.segment
        # A fork is there to do things again.
        if segment.reader is None or segment.info.fork_of is not None:
            return {"result": None}
        values = segment.info.workspace, self.key, now()
        row = await segment.reader.run(lambda connection: connection.execute(_READ, values).fetchone())
        return {"result": None if row is None else json.loads(row[0])}

    async def store(self, outcome: Outcome) -> None:
        """Keep what the node came to, with its label, in the form of the journal."""
        segment = self.segment
        if segment.offline:
            return
        workspace, created = segment.info.workspace, now()
        ports = await spill(dict(outcome.outputs), segment.host.files, workspace)
        value: dict[str, Json] = {"ports": ports, "handle": outcome.handle, "label": self.context.label.to_json()}
        text, expires = json.dumps(value, ensure_ascii=False), created + int(self.seconds * 1000)
        segment.journal.stream.append(_WRITE, (workspace, self.key, text, created, expires))


def kept(node: CompiledNode, frame: Frame, context: HostContext, inputs: Mapping[str, Json]) -> Kept | None:
    """Return where the node's result is kept, if the node says that it is."""
    if node.cache is None:
        return None
    return Kept(frame.segment, context, _key(node, frame, context, inputs), node.cache)


def _key(node: CompiledNode, frame: Frame, context: HostContext, inputs: Mapping[str, Json]) -> str:
    """Name a node of an app with its configuration, what the app requires, and all values that it is given."""
    app = frame.app
    return argument_hash(
        [
            app.id,
            node.id,
            node.type,
            node.config.model_dump(mode="json"),
            dict(node.texts),
            app.document.requires.model_dump(mode="json"),
            dict(inputs),
            {name: context.evaluate(binding) for name, binding in node.sites.items()},
        ]
    )
