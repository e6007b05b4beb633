"""Tokens of a request, bounded without its tokenizer."""

from __future__ import annotations

import json
from math import ceil

from agents.context import ModelRequest

__all__ = ["input_tokens", "least_tokens", "text_tokens"]

BYTES_PER_TOKEN = 3
"""Tokenizers put about four letters into a token, or one Chinese character, which has three bytes."""

MOST_BYTES = 8
"""No tokenizer packs more into a token over a whole text."""

PER_MESSAGE = 8
"""A chat template's marks around a message."""


def text_tokens(text: str) -> int:
    """Return at least as many tokens as `text` is likely to have."""
    return ceil(len(text.encode("utf-8", "surrogatepass")) / BYTES_PER_TOKEN)


def input_tokens(request: ModelRequest) -> int:
    """Return at least as many tokens as the request's input is likely to have: messages, tools, schema, choices."""
    return sum(map(text_tokens, _texts(request))) + PER_MESSAGE * len(request.messages)


def least_tokens(request: ModelRequest) -> int:
    """Return the tokens that the request's messages have at least."""
    return sum(len(message.content.encode("utf-8", "surrogatepass")) for message in request.messages) // MOST_BYTES


def _texts(request: ModelRequest) -> list[str]:
    texts = [message.content for message in request.messages]
    texts += [json.dumps([call.name, call.arguments]) for message in request.messages for call in message.calls]
    texts += [json.dumps([tool.name, tool.description, dict(tool.schema)]) for tool in request.tools]
    texts += [json.dumps(dict(request.schema))] if request.schema is not None else []
    return [*texts, *request.choices]
