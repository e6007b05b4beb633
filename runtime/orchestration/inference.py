"""Calls of models that no app makes: by clients of the OpenAI-compatible interface, the playground, batches.

They draw on the workspace's limits of the day as runs do, and stand beside them in the usage.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agents.context import ModelRequest
from agents.spec.document import ModelNeed

from ..base.errors import Json
from ..models.deployments import Deployment
from ..models.embedding import Embedded, Ranked
from ..models.errors import ModelError
from ..models.ports import Caller, Delta, ModelAnswer
from ..models.router import Router
from ..models.tokens import text_tokens
from ..storage import Writer
from .budget import Account
from .ledger import BOOK
from .spending import Spending, today

__all__ = ["AUTO", "Inference"]

AUTO = "auto"
"""The name under which the routing policy chooses."""


class Inference:
    """Models for callers outside of apps.

    Args:
        router: The deployments.
        spending: What the workspace has spent today.
        writer: Writes what is spent.
    """

    def __init__(self, router: Router, spending: Spending, writer: Writer) -> None:
        self._router = router
        self._spending = spending
        self._writer = writer

    async def chat(self, request: ModelRequest, caller: Caller, *, on_delta: Delta | None = None) -> ModelAnswer:
        """Answer a request by the deployment that `request.model` names, or by the one that the policy chooses.

        Args:
            request: What is asked.
            caller: Who asks.
            on_delta: Is given the text piece by piece.

        Raises:
            BudgetExceeded: The day's limit does not hold it.
            ModelError: There is no answer.
        """
        named = request.model != AUTO
        need = ModelNeed(prefer=[request.model], policy="fixed") if named else ModelNeed()
        account = await self._spending.workspace(today(), caller.workspace)
        offers = self._router.offers(request, need)
        if named:
            offers = [offer for offer in offers if offer.deployment == request.model] or offers[:1]
        most = {kind: max(offer.amounts[kind] for offer in offers) for kind in ("tokens", "usd")}
        held, used = account.reserve(most), dict[str, float]()
        try:
            answer = await self._router.call(
                request, need, only=[request.model] if named else None, on_delta=on_delta, caller=caller
            )
            used = _sum(answer.reply.usage, answer.wasted)
        except ModelError as error:
            used = _sum(error.usage, {})
            raise
        finally:
            account.settle(held, used)
            self._book(caller, used)
        return answer

    async def embed(self, name: str, texts: Sequence[str], caller: Caller) -> Embedded:
        """Return vectors of texts.

        Raises:
            BudgetExceeded: The day's limit does not hold them.
            ModelError: There are none.
        """
        account = await self._reserved(name, sum(map(text_tokens, texts)), caller)
        found = await self._router.fleet.embed(name, texts, caller)
        self._charge(account, name, found.tokens, caller)
        return found

    async def rerank(self, name: str, query: str, documents: Sequence[str], caller: Caller) -> Ranked:
        """Return how well documents answer a query.

        Raises:
            BudgetExceeded: The day's limit does not hold it.
            ModelError: Nobody knows.
        """
        account = await self._reserved(name, sum(map(text_tokens, [query, *documents])), caller)
        found = await self._router.fleet.rerank(name, query, documents, caller)
        self._charge(account, name, found.tokens, caller)
        return found

    async def _reserved(self, name: str, tokens: int, caller: Caller) -> Account:
        """Return the day's account, if it holds so many tokens."""
        account = await self._spending.workspace(today(), caller.workspace)
        refusal = account.refusal(_cost(self._router.fleet.find(name), tokens))
        if refusal is not None:
            raise refusal
        return account

    def _charge(self, account: Account, name: str, tokens: int, caller: Caller) -> None:
        used = _cost(self._router.fleet.find(name), tokens)
        account.charge(used)
        self._book(caller, used)

    def _book(self, caller: Caller, used: Mapping[str, float]) -> None:
        if used.get("tokens"):
            row = (caller.workspace, today(), "", caller.principal, used.get("usd", 0.0), int(used["tokens"]), 0)
            self._writer.stream().append(BOOK, row)


def _cost(deployment: Deployment | None, tokens: int) -> dict[str, float]:
    return {"tokens": float(tokens), "usd": deployment.price.of(tokens, 0) if deployment else 0.0}


def _sum(usage: Mapping[str, Json], wasted: Mapping[str, float]) -> dict[str, float]:
    """Return what a call used in all."""
    used = {kind: usage.get(kind) for kind in ("tokens", "usd")}
    return {
        kind: (amount if isinstance(amount, int | float) else 0.0) + wasted.get(kind, 0.0)
        for kind, amount in used.items()
    }
