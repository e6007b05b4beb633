"""Answers the requests of batches as the routes would."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from ...base.errors import BaigongError, Json
from ...models.ports import Caller, Delta, ModelAnswer
from ...orchestration.workbench import Workbench
from ..errors import ParameterInvalid, RequestInvalid
from . import embeddings as vectors
from .bodies import ChatBody, EmbeddingsBody, Lenient
from .chat import completion
from .failures import failure_body, failure_status
from .requests import to_request
from .serving import known_model

__all__ = ["ENDPOINTS", "BatchAnswers"]

B = TypeVar("B", bound=Lenient)

ENDPOINTS: Final = ("/v1/chat/completions", "/v1/embeddings")


class BatchAnswers:
    """Implements `Answers` for an open home.

    Args:
        bench: The home.
    """

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench

    async def answer(self, endpoint: str, body: Mapping[str, Json], caller: Caller) -> Mapping[str, Json]:
        """Return the body of the answer to a request.

        Raises:
            BaigongError: There is none.
        """
        if endpoint == "/v1/embeddings":
            return await self._embed(_read(EmbeddingsBody, body), caller)
        return await self._chat(_read(ChatBody, body), caller)

    def failed(self, error: BaigongError) -> tuple[int, Mapping[str, Json]]:
        """Return the status and the body of the answer that tells an error."""
        return failure_status(error), failure_body(error)

    async def _chat(self, body: ChatBody, caller: Caller) -> dict[str, Json]:
        request = to_request(body)
        if body.stream:
            raise ParameterInvalid("There is no stream in a batch.", where="stream")
        known_model(self._bench, body.model, "chat")

        async def ask(on_delta: Delta | None) -> ModelAnswer:
            return await self._bench.inference.chat(request, caller, on_delta=on_delta)

        return await completion(ask)

    async def _embed(self, body: EmbeddingsBody, caller: Caller) -> dict[str, Json]:
        texts = vectors.texts_of(body)
        known_model(self._bench, body.model, "embed")
        return vectors.answer_of(body, await self._bench.inference.embed(body.model, texts, caller))


def _read(kind: type[B], body: Mapping[str, Any]) -> B:
    try:
        return kind.model_validate(body)
    except ValidationError as error:
        first = error.errors()[0]
        raise RequestInvalid(f"{first['msg']}.", where=".".join(map(str, first["loc"]))) from error
