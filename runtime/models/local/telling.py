"""What of an answer is shown as it comes, and what is left to say at its end."""

from __future__ import annotations

from langchain_core.messages import AIMessageChunk

from .decision import called, read_decision
from .markup import Markup, read_calls
from .options import CallOptions
from .text import Tail

__all__ = ["Telling"]


class Telling:
    """Follows one answer.

    Args:
        options: What the call wants.
        markup: How the model writes calls, if it knows tools.
    """

    def __init__(self, options: CallOptions, markup: Markup | None) -> None:
        self._options = options
        self._markup = markup
        self._said = ""
        stops = [*options.stop, markup.start] if markup else []
        self._tail = Tail(stops)

    def feed(self, text: str) -> str:
        """Take more of the answer, and return what to show of it."""
        self._said += text
        if not self._options.tools:
            return text
        if not self._markup or self._is_call or self._tail.stopped:
            return ""
        return self._tail.feed(text.encode())

    def end(self) -> AIMessageChunk:
        """Return what is left to show: calls, or an answer that came as data.

        Raises:
            AnswerCut: The limit of tokens ended the answer inside a call.
        """
        if not self._options.tools:
            return AIMessageChunk(content="")
        if self._markup:
            return self._native(self._markup)
        message = read_decision(self._said)
        return message if message.tool_call_chunks else AIMessageChunk(content=self._options.cut(str(message.content)))

    @property
    def _is_call(self) -> bool:
        """Whether the answer is nothing but a call."""
        return bool(self._markup) and not self._markup.start and self._said.startswith("{")

    def _native(self, markup: Markup) -> AIMessageChunk:
        text, calls = read_calls(markup, self._said)
        if calls and self._options.cut(text) == text:
            return called([(call.name, call.arguments) for call in calls])
        return AIMessageChunk(content=self._tail.flush())
