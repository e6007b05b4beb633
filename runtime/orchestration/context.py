"""The context of one node: the journalled door to the world."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeVar, cast

from agents.context import (
    Answer,
    AskRequest,
    FileReply,
    FileRequest,
    ItemFailure,
    ModelReply,
    ModelRequest,
    RetrieveReply,
    RetrieveRequest,
    Session,
    ToolReply,
    ToolRequest,
)
from agents.expressions import Binding
from agents.graph import CompiledApp, CompiledNode
from agents.spec import base_label

from ..base.errors import Json
from ..base.ids import content_id
from ..base.labels import APP, USER, Confidentiality, Integrity, Label, Labelled, join
from ..models.replies import reply_from_json
from . import asks, records
from .calls import Calls
from .effects import call_tool
from .frame import Frame
from .inner import run_app
from .journal import CHOICE
from .ledger import Purse, node_account
from .modelcall import ModelCall
from .passes import Passes
from .within import Attempt

__all__ = ["HostContext"]

T = TypeVar("T")


class HostContext:
    """Implements `agents.context.Context` for one attempt of one node."""

    def __init__(self, frame: Frame, node: CompiledNode, path: str, attempt: int) -> None:
        self.frame = frame
        self.node = node
        self._path = path
        self._attempt = attempt
        self._label = frame.seen(node)
        self.calls = Calls(frame.segment, path, attempt)
        account = node_account(frame, path, node) if node.budget else frame.account
        self.purse = Purse(frame.segment, account, path, attempt)
        self._asked: defaultdict[str, int] = defaultdict(int)

    @property
    def path(self) -> str:
        """The node path."""
        return self._path

    @property
    def attempt(self) -> int:
        """Counts from 1."""
        return self._attempt

    @property
    def app(self) -> CompiledApp:
        """The app that runs."""
        return self.frame.app

    @property
    def label(self) -> Label:
        """The join of all that the body has seen."""
        return self._label

    @property
    def budget(self) -> Purse:
        """The account that the node draws on."""
        return self.purse

    @property
    def cancelled(self) -> bool:
        """Whether the run is being cancelled."""
        return self.frame.segment.cancelled

    def evaluate(self, binding: Binding) -> Json:
        """Evaluate an expression of the node over the run's values."""
        return self.frame.evaluator.render(binding, self.frame.values())

    async def model(self, request: ModelRequest) -> Labelled[ModelReply]:
        """Call a model through the router."""
        need = self.app.document.requires.models[request.model]
        call = ModelCall(
            self.frame.segment, self.calls, self.purse, self._path,
            request=request, need=need, turn=self.node.type == "agent",
        )  # fmt: skip
        arguments = records.model_request(request)
        record = await self.calls.serve(
            "model", request.model, arguments, call.live, before=call.reserve, announce=True
        )
        return self._take(reply_from_json(record), APP)

    async def tool(self, request: ToolRequest) -> Labelled[ToolReply]:
        """Call a tool through the monitor, the approval and the effect ledger."""
        reply, label = await call_tool(self, request)
        return self._take(reply, label)

    async def retrieve(self, request: RetrieveRequest) -> Labelled[RetrieveReply]:
        """Search a base by the one retrieval path."""
        segment = self.frame.segment

        async def live() -> dict[str, Json]:
            found = await segment.host.retriever.search(self.app, segment.info.workspace, request)
            return records.retrieve_reply(found)

        arguments: dict[str, Json] = {"query": request.query, "k": request.k, "filter": dict(request.filter)}
        record = await self.calls.serve("retrieval", request.base, arguments, live)
        return self._take(records.read_retrieve_reply(record), base_label(self.app.resources.bases.get(request.base)))

    async def file(self, request: FileRequest) -> Labelled[FileReply]:
        """Store or read an artifact; content-addressed, so that storing is repeatable and needs no record."""
        segment = self.frame.segment
        files, workspace = segment.host.files, segment.info.workspace
        if request.content is not None:
            if segment.offline:
                size = len(request.content)
                kept: dict[str, Json] = {"id": content_id(request.content), "name": request.name}
                return self._take(FileReply(file={**kept, "media_type": request.media_type, "size": size}), APP)
            stored = await files.put(
                request.content, name=request.name, media_type=request.media_type, workspace=workspace
            )
            return self._take(FileReply(file=stored), APP)
        found, content = await files.read(request.id or "", workspace=workspace)
        return self._take(FileReply(file=found, content=content), USER)

    async def state(self, key: str) -> Labelled[Json]:
        """Read a state key."""
        return self._take(self.frame.state.get(key), self.frame.state_labels.get(key, APP))

    async def write_state(self, key: str, value: Json) -> None:
        """Write a state key through its reducer."""
        new = self.frame.write(key, value, self._label)
        data: dict[str, Json] = {"key": key, "value": value, "new": new, "label": self._label.to_json()}
        self.frame.segment.journal.emit("state.set", self._path, data, attempt=self._attempt)

    async def session(self) -> Labelled[Session]:
        """Read the conversation as it was when the run began."""
        known = self.frame.segment.conversation
        return self._take(Session(known.id, known.messages), Label(Integrity.UNTRUSTED, Confidentiality.WORKSPACE))

    async def clock(self) -> Labelled[datetime]:
        """Return the time in UTC; recorded."""

        async def live() -> dict[str, Json]:
            return {"result": datetime.now(UTC).isoformat()}

        record = await self.calls.serve("value", "clock", None, live, outside=False)
        return self._take(datetime.fromisoformat(str(record["result"])), APP)

    async def random(self) -> Labelled[float]:
        """Return a number in [0, 1); recorded."""

        async def live() -> dict[str, Json]:
            return {"result": random.random()}  # noqa: S311 no secret hangs on it

        record = await self.calls.serve("value", "random", None, live, outside=False)
        return self._take(cast("float", record["result"]), APP)

    async def choose(self, names: Sequence[str]) -> Labelled[str]:
        """Return the first of some names; recorded."""

        async def live() -> dict[str, Json]:
            return {"result": names[0]}

        record = await self.calls.serve("value", CHOICE, None, live, outside=False)
        return self._take(str(record["result"]), APP)

    async def turn(self, number: int) -> None:
        """Count a round against the budget, where that limits turns."""
        if not self.purse.account.limited(("turns",)):
            return
        turn: dict[str, float] = {"turns": 1}

        async def live() -> dict[str, Json]:
            await self.purse.settle(await self.purse.reserve(turn), turn)
            return {"result": number, "usage": {"turns": 1}}

        await self.calls.serve("value", "turn", number, live, outside=False)

    async def ask(self, request: AskRequest) -> Labelled[Answer]:
        """Ask a person; the run parks until there is an answer."""
        # An approval is of one exact call, whatever the attempt; a form is asked anew by a new attempt.
        tag = str(request.shown["call"])[:16] if request.kind == "approval" else f"a{self._attempt}"
        self._asked[tag] += 1
        name = f"{self._path}:{tag}-{self._asked[tag]}"
        answer = await asks.ask(self.frame.segment, self._path, name, request)
        return self._take(answer, USER)

    async def reply(self, text: str, citations: Sequence[Json] = ()) -> None:
        """Send a message to whoever watches the run."""
        journal = self.frame.segment.journal
        journal.emit("reply.opened", self._path, {"forwards": self.node.forwards}, attempt=self._attempt)
        data: dict[str, Json] = {"text": text, "citations": list(citations)}
        journal.emit("reply.ended", self._path, data, attempt=self._attempt)
        journal.stream.flush()

    async def emit(self, message: str, data: Mapping[str, Json] | None = None) -> None:
        """Write a `log` event."""
        self.frame.segment.journal.emit(
            "log", self._path, {"message": message, "data": dict(data or {})}, attempt=self._attempt
        )

    async def run_graph(self, app: CompiledApp, inputs: Mapping[str, Json]) -> Labelled[dict[str, Json]]:
        """Run another app's graph under this node's path, on this run's budget and its own."""
        depth: dict[str, float] = {"depth": self.frame.depth + 1}
        await self.purse.settle(await self.purse.reserve(depth), {})
        outputs, label = await run_app(self._within(), app, dict(inputs))
        return self._take(outputs, label)

    async def once(self, names: Mapping[str, Json], *, name: str) -> Labelled[dict[str, Json]]:
        """Run the node's body once and return what its inner places hold."""
        found = await Passes(self._within()).once(names, name)
        return self._take(found.value, found.label)

    async def passes(
        self, names: Sequence[Mapping[str, Json]], *, parallel: int, tolerant: bool
    ) -> Labelled[list[dict[str, Json] | ItemFailure]]:
        """Run the node's body once for each set of names, some at a time."""
        found = await Passes(self._within(tolerant=tolerant)).all(names, parallel)
        return self._take([one.value for one in found], join(one.label for one in found))

    def _within(self, *, tolerant: bool = False) -> Attempt:
        return Attempt(
            frame=self.frame, node=self.node, path=self._path, account=self.purse.account, label=self._label,
            seen=self.seen, tolerant=tolerant,
        )  # fmt: skip

    def seen(self, label: Label) -> None:
        """Count something that the body has received."""
        self._label = self._label.join(label)

    def _take(self, value: T, label: Label) -> Labelled[T]:
        self.seen(label)
        return Labelled(value, self._label)
