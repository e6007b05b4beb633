"""A model that plays a script: the test double that is shipped, and a way to show an app without any model."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator
from typing import Any

from langchain_core.messages import AIMessageChunk, BaseMessage, HumanMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.messages.tool import ToolCallChunk, tool_call_chunk
from langchain_core.outputs import ChatGenerationChunk
from pydantic import PrivateAttr

from .errors import ScriptExhausted
from .model import StreamingChat
from .script import Entry, Script
from .tokens import text_tokens

__all__ = ["ScriptedChat"]


class ScriptedChat(StreamingChat):
    """Plays a script; equal calls in equal order get equal answers.

    Args:
        script: What it says.
        name: Its name in errors.
    """

    script: Script
    _calls: int = PrivateAttr(default=0)
    _used: set[int] = PrivateAttr(default_factory=set[int])

    @property
    def calls(self) -> int:
        """How often the model was asked."""
        return self._calls

    @property
    def _llm_type(self) -> str:
        return "baigong-scripted"

    async def chunks(
        self, messages: list[BaseMessage], stop: list[str] | None, options: dict[str, Any]
    ) -> AsyncGenerator[ChatGenerationChunk]:
        """Play the first unused entry that fits the last user message.

        Raises:
            ModelError: The entry says so.
            ScriptExhausted: No entry fits, and the script does not echo.
        """
        self._calls += 1
        entry = self._next(_last_user(messages))
        text = _spoken(entry)
        for piece in _pieces(text, entry.pieces):
            await asyncio.sleep(entry.delay / entry.pieces)
            yield ChatGenerationChunk(message=AIMessageChunk(content=piece))
        if entry.error:
            raise entry.error.to_error()
        yield ChatGenerationChunk(message=_last(entry, text, messages))

    def _next(self, message: str) -> Entry:
        for number, entry in enumerate(self.script.script):
            if number not in self._used and entry.fits(message):
                if not entry.repeat:
                    self._used.add(number)
                return entry
        if self.script.echo:
            return Entry(text=message)
        raise ScriptExhausted(
            f"The script has no answer left to {message[:80]!r}.",
            where=self.name,
            fix="Add an entry, mark one with `repeat: true`, or set `echo: true`.",
        )


def _last_user(messages: list[BaseMessage]) -> str:
    return next((str(message.text) for message in reversed(messages) if isinstance(message, HumanMessage)), "")


def _spoken(entry: Entry) -> str:
    if "data" in entry.model_fields_set:
        return json.dumps(entry.data, ensure_ascii=False)
    return entry.text or ""


def _pieces(text: str, count: int) -> Iterator[str]:
    """Yield `text` in `count` pieces, as equal as can be; short texts end in empty ones."""
    size, rest = divmod(len(text), count)
    start = 0
    for number in range(count):
        end = start + size + (number < rest)
        yield text[start:end]
        start = end


def _last(entry: Entry, text: str, messages: list[BaseMessage]) -> AIMessageChunk:
    """Return the chunk behind the text: tool calls, usage and why the answer ends."""
    calls = list(_calls(entry, len(messages)))
    said = sum(text_tokens(str(message.text)) for message in messages)
    answered = text_tokens(text) + sum(text_tokens(call["args"] or "") for call in calls)
    return AIMessageChunk(
        content="",
        tool_call_chunks=calls,
        usage_metadata=UsageMetadata(input_tokens=said, output_tokens=answered, total_tokens=said + answered),
        response_metadata={"finish_reason": "tool_calls" if calls else "stop"},
        chunk_position="last",
    )


def _calls(entry: Entry, turn: int) -> Iterator[ToolCallChunk]:
    """Yield the calls; their ids follow from the length of the conversation, so they differ within it."""
    for number, call in enumerate(entry.calls):
        arguments = json.dumps(call.arguments, ensure_ascii=False)
        yield tool_call_chunk(name=call.name, args=arguments, id=f"call_{turn}_{number}", index=number)
