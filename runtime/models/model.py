"""What every chat model of ours shares: it is asynchronous and streams; the rest of LangChain's interface follows."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.language_models.chat_models import agenerate_from_stream
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool

__all__ = ["StreamingChat"]


class StreamingChat(BaseChatModel):
    """A chat model that is written as one asynchronous stream.

    Keyword arguments of a call, all optional: `tools` and `tool_choice` (OpenAI form), `response_format` (OpenAI form,
    `json_schema`), `choices` (list of the allowed answers), `max_tokens`, `temperature`, `top_p`, `seed`, `logprobs`
    (how many alternatives of each token are wanted, from 0), `confidence` (whether the answer's is wanted), `lane`
    (whose call it is; lanes take turns) and `background` (whether it may wait for calls that somebody waits for).

    Beside `finish_reason`, the response metadata of the last chunk have what was asked for and the model can give:
    `scores` (by choice), `logprobs` (one `{token, bytes, logprob, top: [{token, bytes, logprob}]}` for each token),
    `confidence` (the geometric mean of the tokens' probabilities, from 0 to 1).
    """

    @abstractmethod
    def chunks(
        self, messages: list[BaseMessage], stop: list[str] | None, options: dict[str, Any]
    ) -> AsyncGenerator[ChatGenerationChunk]:
        """Yield the answer's chunks.

        Raises:
            ModelError: There is no answer, or it broke off.
        """
        ...

    async def close(self) -> None:
        """Release what the model holds."""

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # noqa: ANN401 LangChain's signature
    ) -> AsyncIterator[ChatGenerationChunk]:
        async with aclosing(self.chunks(messages, stop, kwargs)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # noqa: ANN401 LangChain's signature
    ) -> ChatResult:
        return await agenerate_from_stream(self.chunks(messages, stop, kwargs))

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # noqa: ANN401 LangChain's signature
    ) -> ChatResult:
        """Answer a caller that has no event loop, in a loop of its own."""
        return asyncio.run(self._alone(messages, stop, kwargs))

    async def _alone(self, messages: list[BaseMessage], stop: list[str] | None, options: dict[str, Any]) -> ChatResult:
        try:
            return await agenerate_from_stream(self.chunks(messages, stop, options))
        finally:
            await self.close()

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,  # noqa: ANN401 LangChain's signature
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Return the model with tools that it may ask for; `tool_choice` is `auto`, `any`, `none` or a name."""
        choice = {} if tool_choice is None else {"tool_choice": tool_choice}
        return self.bind(tools=[convert_to_openai_tool(tool) for tool in tools], **choice, **kwargs)
