"""A small local model whose tool calls are made with help (`helping`); everything else it does by itself."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Final

from langchain_core.messages import AIMessageChunk, BaseMessage, HumanMessage
from langchain_core.outputs import ChatGenerationChunk
from pydantic import Field, PrivateAttr

from .embedding import Embedder
from .errors import ModelNotConfigured
from .helping import Call, Helper
from .local.chat import LocalChat
from .local.decision import called, offered
from .local.plain import to_plain
from .model import StreamingChat

__all__ = ["HelpedChat"]

_CHINESE: Final = re.compile(r"[\u3400-\u9fff]")
"""The embedder and the weights know English only."""


class HelpedChat(StreamingChat):
    """Implements `StreamingChat` over a local model.

    Help is given where tools are offered to a message of the user, in English; after a tool has answered, the model
    decides by itself, under its grammar.

    Args:
        inner: The model.
        embedder: What embeds requests and tools.
    """

    inner: LocalChat
    embedder: Any = Field(exclude=True)
    _helper: Helper | None = PrivateAttr(default=None)

    @property
    def _llm_type(self) -> str:
        return "baigong-helped"

    async def chunks(
        self, messages: list[BaseMessage], stop: list[str] | None, options: dict[str, Any]
    ) -> AsyncGenerator[ChatGenerationChunk]:
        """Yield the answer; see `StreamingChat.chunks`."""
        if _helpable(messages, options):
            tools, must = offered(options["tools"], options.get("tool_choice"))
            try:
                found = await self._help.call(to_plain(messages), tools, must=must, lane=options.get("lane") or "")
            except ModelNotConfigured:  # no embedder here: the model has to do without
                found = None
            else:
                if found is not None:
                    yield ChatGenerationChunk(message=_message(found, self.name or ""))
                    return
                options = {name: value for name, value in options.items() if name not in ("tools", "tool_choice")}
        async with aclosing(self.inner.chunks(messages, stop, options)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def close(self) -> None:
        """End the model's process; a later call starts it again."""
        self._helper = None
        await self.inner.close()

    @property
    def _help(self) -> Helper:
        if self._helper is None:
            embedder: Embedder = self.embedder
            self._helper = Helper(self.inner.backend, embedder)
        return self._helper


def _helpable(messages: Sequence[BaseMessage], options: Mapping[str, Any]) -> bool:
    """Return whether a tool call is to be made that help is good for."""
    if not options.get("tools") or options.get("tool_choice") == "none" or options.get("response_format"):
        return False
    last = messages[-1]
    return isinstance(last, HumanMessage) and not _CHINESE.search(str(last.text))


def _message(call: Call, name: str) -> AIMessageChunk:
    message = called([(call.tool, json.dumps(dict(call.arguments), ensure_ascii=False))])
    message.response_metadata = {"finish_reason": "tool_calls", "model_name": name, "tool_scores": dict(call.scores)}
    message.chunk_position = "last"
    return message
