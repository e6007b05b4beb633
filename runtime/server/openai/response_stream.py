"""`responses` as a stream: named events with gapless numbers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import aclosing
from typing import Any, Final

from ...base.errors import BaigongError
from ...models.ports import ModelAnswer
from .hearing import Ask, hear
from .items import Stored
from .response import ResponseObject

__all__ = ["respond"]

_ENDS: Final = {"completed": "response.completed", "incomplete": "response.incomplete", "failed": "response.failed"}


async def respond(
    ask: Ask, made: ResponseObject, keep: Callable[[Mapping[str, Any]], Awaitable[None]]
) -> AsyncIterator[bytes]:
    """Yield an answer as events; nothing is yielded before the model has said something.

    Calls of functions come whole, when the answer is: half a call could be executed by somebody.

    Args:
        ask: Makes the call.
        made: The response.
        keep: Stores the response before its end is told.

    Raises:
        BaigongError: There is no answer; later on the stream ends with `response.failed`.
    """
    events = _Events(made)
    try:
        async with aclosing(hear(ask)) as heard:
            async for piece in heard:
                if isinstance(piece, str):
                    yield b"".join(events.said(piece))
                    continue
                whole = made.ended(piece)
                yield b"".join(events.answered(piece, whole))
                await keep(whole)
                yield events.end(whole)
    except BaigongError as error:
        if not events.text:
            raise
        whole = made.failed(error, events.text)
        await keep(whole)
        yield b"".join(events.closed(whole["output"][0])) + events.end(whole)


class _Events:
    """The events of one stream.

    Args:
        made: The response.
    """

    def __init__(self, made: ResponseObject) -> None:
        self._made = made
        self._number = -1
        self._begun = False
        self._opened: Stored | None = None
        self.text = ""

    def said(self, piece: str) -> Iterator[bytes]:
        """Yield the events of a piece of the text."""
        if not piece:
            return
        yield from self._begin()
        yield from self._open()
        self.text += piece
        yield self._event("response.output_text.delta", **self._place(), delta=piece, logprobs=[])

    def answered(self, answer: ModelAnswer, whole: Mapping[str, Any]) -> Iterator[bytes]:
        """Yield what follows the text when there is an answer."""
        yield from self._begin()
        for place, item in enumerate(whole["output"]):
            if item["type"] == "message":
                yield from self.said("" if self.text else answer.reply.text)
                yield from self._open()
                yield from self.closed(item)
            else:
                yield from self._called(place, item)

    def closed(self, item: Stored) -> Iterator[bytes]:
        """Yield the end of the message."""
        part = item["content"][0]
        told = {"text": part["text"], "logprobs": part["logprobs"]}
        yield self._event("response.output_text.done", **self._place(), **told)
        yield self._event("response.content_part.done", **self._place(), part=part)
        yield self._event("response.output_item.done", output_index=0, item=item)

    def end(self, whole: Mapping[str, Any]) -> bytes:
        """Return the last event."""
        return self._event(_ENDS[whole["status"]], response=whole)

    def _begin(self) -> Iterator[bytes]:
        if self._begun:
            return
        self._begun = True
        for name in ("response.created", "response.in_progress"):
            yield self._event(name, response=self._made.begun())

    def _open(self) -> Iterator[bytes]:
        if self._opened is not None:
            return
        self._opened = self._made.turn.opened()
        part: Stored = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
        yield self._event("response.output_item.added", output_index=0, item=self._opened)
        yield self._event("response.content_part.added", **self._place(), part=part)

    def _called(self, place: int, item: Stored) -> Iterator[bytes]:
        named = {"item_id": item["id"], "output_index": place}
        begun = {**item, "status": "in_progress", "arguments": ""}
        yield self._event("response.output_item.added", output_index=place, item=begun)
        yield self._event("response.function_call_arguments.delta", **named, delta=item["arguments"])
        told = {"name": item["name"], "arguments": item["arguments"]}
        yield self._event("response.function_call_arguments.done", **named, **told)
        yield self._event("response.output_item.done", output_index=place, item=item)

    def _place(self) -> dict[str, Any]:
        return {"item_id": self._made.turn.opened()["id"], "output_index": 0, "content_index": 0}

    def _event(self, name: str, /, **data: Any) -> bytes:  # noqa: ANN401 any JSON
        self._number += 1
        told = {"type": name, "sequence_number": self._number, **data}
        return f"event: {name}\ndata: {json.dumps(told, ensure_ascii=False, separators=(',', ':'))}\n\n".encode()
