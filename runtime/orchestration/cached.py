"""Results of nodes that are kept for a while: the same node with the same inputs is not run again.

What was found, or that nothing was, is recorded like any reading of the world, so that a replay and a node that is
executed again come to the same. A result is stored in the transaction that ends its node.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Final, cast

from agents.graph import CompiledNode
from agents.nodes import Outcome

from ..base.errors import Json
from ..base.labels import Label
from .context import HostContext
from .frame import Frame
from .journal import argument_hash
from .runs import now
from .values import restore, spill

__all__ = ["find", "store"]

_READ: Final = "SELECT value FROM results WHERE workspace = ? AND key = ? AND expires > ?"
_WRITE: Final = "INSERT OR REPLACE INTO results (workspace, key, value, created, expires) VALUES (?, ?, ?, ?, ?)"


async def find(node: CompiledNode, frame: Frame, context: HostContext, inputs: Mapping[str, Json]) -> Outcome | None:
    """Return what the node came to with the same inputs before, if that is still kept."""
    segment = frame.segment
    key = _key(node, frame, context, inputs)

    async def look() -> dict[str, Json]:
        def read(connection: sqlite3.Connection) -> str | None:
            row = connection.execute(_READ, (segment.info.workspace, key, now())).fetchone()
            return None if row is None else row[0]

        # A fork is there to do things again.
        asks = segment.reader is not None and segment.info.fork_of is None
        found = await segment.reader.run(read) if asks and segment.reader is not None else None
        return {"result": None if found is None else json.loads(found)}

    kept = (await context.calls.serve("value", "cache", key, look, outside=False))["result"]
    if not isinstance(kept, dict):
        return None
    stored = cast("dict[str, Json]", kept["ports"])
    ports = await restore(stored, segment.host.files, segment.info.workspace)
    context.seen(Label.from_json(kept["label"]))
    return Outcome(outputs=ports, handle=cast("str | None", kept["handle"]))


async def store(
    node: CompiledNode, frame: Frame, context: HostContext, inputs: Mapping[str, Json], outcome: Outcome
) -> None:
    """Keep what the node came to, with its label, in the form of the journal."""
    segment = frame.segment
    if segment.offline or node.cache is None:
        return
    ports = await spill(dict(outcome.outputs), segment.host.files, segment.info.workspace)
    value: dict[str, Json] = {"ports": ports, "handle": outcome.handle, "label": context.label.to_json()}
    key, created = _key(node, frame, context, inputs), now()
    row = (
        segment.info.workspace,
        key,
        json.dumps(value, ensure_ascii=False),
        created,
        created + int(node.cache * 1000),
    )
    segment.journal.stream.append(_WRITE, row)


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
