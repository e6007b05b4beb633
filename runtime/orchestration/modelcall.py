"""One model call: reserved before it is announced, made through the router, settled after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from agents.context import ModelRequest
from agents.spec.document import ModelNeed

from ..base.errors import Json
from ..models.errors import ModelError
from ..models.ports import Caller, ModelAnswer
from ..models.replies import reply_to_json
from .calls import Calls
from .ledger import Purse
from .segment import Segment

__all__ = ["ModelCall"]


class ModelCall:
    """A call on its way.

    Args:
        segment: The run.
        calls: The calls of the node that makes it.
        purse: What it draws on.
        path: The node's path.
        request: What is asked.
        need: What the app requires of the model.
        turn: Whether it is a turn of an agent.
    """

    def __init__(
        self,
        segment: Segment,
        calls: Calls,
        purse: Purse,
        path: str,
        *,
        request: ModelRequest,
        need: ModelNeed,
        turn: bool,
    ) -> None:
        self._segment = segment
        self._calls = calls
        self._purse = purse
        self._path = path
        self._request = request
        self._need = need
        self._turn: dict[str, float] = {"turns": 1} if turn and purse.account.limited(("turns",)) else {}
        self._held = ""
        self._only: list[str] = []

    async def reserve(self) -> None:
        """Set aside what the deployments that may be asked take at most.

        Raises:
            BudgetExceeded: The budget does not hold it.
            GraphInterrupt: A person is asked for more.
            ModelNotConfigured: No deployment fits.
        """
        offers = self._segment.host.models.offers(self._request, self._need)
        if self._turn:
            offers = [replace(one, amounts={**one.amounts, **self._turn}) for one in offers]
        self._held, self._only = await self._purse.choose(offers)

    async def live(self) -> dict[str, Json]:
        """Make the call and return its record.

        Raises:
            ModelError: No deployment could answer.
        """
        try:
            found = await self._answer()
        except ModelError as error:
            error.usage = {**error.usage, **self._turn}
            await self._purse.settle(self._held, self._segment.spend(error.usage))
            raise
        except BaseException:
            await self._purse.lose(self._held)
            raise
        usage = _sum(found.reply.usage, {**found.wasted, **self._turn})
        await self._purse.settle(self._held, self._segment.spend(usage))
        why: dict[str, Json] = {"decision": dict(found.decision)} if found.decision else {}
        return {**reply_to_json(found.reply), "usage": usage, "deployment": found.deployment, **why}

    def _caller(self) -> Caller:
        info = self._segment.info
        return Caller(workspace=info.workspace, principal=info.principal, app=info.app, run=info.id, path=self._path)

    async def _answer(self) -> ModelAnswer:
        opened, stream = self._calls.opened, self._request.stream

        def on_delta(text: str) -> None:
            if stream is not None and opened is not None:
                self._segment.stream("model.delta", self._path, opened, text)

        try:
            return await self._segment.host.models.call(
                self._request,
                self._need,
                only=self._only,
                on_delta=on_delta,
                timeout=self._purse.left("seconds"),
                caller=self._caller(),
            )
        finally:
            self._segment.texts.pop(opened or 0, None)


def _sum(usage: dict[str, Json], more: Mapping[str, float]) -> dict[str, Json]:
    """Add amounts to a reply's usage."""
    total = dict(usage)
    for kind, amount in more.items():
        before = total.get(kind)
        total[kind] = (before if isinstance(before, int | float) else 0) + amount
    return total
