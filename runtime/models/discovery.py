"""Which models a server has: OpenAI's `GET /models`."""

from __future__ import annotations

from .deadline import Deadline
from .errors import ModelOutputInvalid
from .requester import Requester

__all__ = ["names_at"]


async def names_at(server: Requester) -> list[str]:
    """Return the names of a server's models, and close the connection.

    Raises:
        ModelError: The server cannot be reached, refuses, or answers with something else.
    """
    try:
        answer = await server.read("/models", Deadline(limits=server.endpoint.limits, where=server.where))
    finally:
        await server.close()
    data = answer.get("data")
    if not isinstance(data, list):
        raise ModelOutputInvalid("The server does not list its models.", where=server.where)
    return sorted(str(one["id"]) for one in data if isinstance(one, dict) and isinstance(one.get("id"), str))
