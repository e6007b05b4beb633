"""What a page asks of the runtime, in the name of the visitor whose session cookie it has."""

from __future__ import annotations

from functools import cache
from typing import Any, Final, cast

import httpx

from .cookies import no_cookies
from .errors import Refused, RuntimeAway
from .proxy import COOKIE

__all__ = ["Client"]

_TIMEOUT: Final = httpx.Timeout(60.0, connect=5.0)


class Client:
    """Speaks to the runtime for one visitor.

    Args:
        runtime: The runtime's address.
        session: The visitor's session, or None for somebody who has not signed in.
        origin: The builder's own origin, from which changes come.
    """

    def __init__(self, runtime: str, session: str | None, origin: str) -> None:
        self._runtime = runtime
        self._headers = {"Origin": origin, "X-Baigong": "1"}
        if session:
            self._headers["Cookie"] = f"{COOKIE}={session}"

    def get(self, path: str) -> dict[str, Any]:
        """Read something.

        Raises:
            RuntimeAway: The runtime does not answer.
            Refused: It says no.
        """
        return self._json(self._send("GET", path))

    def download(self, path: str) -> bytes:
        """Read a file; raises as `get` does."""
        return self._send("GET", path).content

    def put(self, path: str, content: str) -> dict[str, Any]:
        """Put a text; raises as `get` does."""
        return self._json(self._send("PUT", path, content))

    def delete(self, path: str) -> None:
        """Delete something; raises as `get` does."""
        self._send("DELETE", path)

    def _send(self, method: str, path: str, content: str | None = None) -> httpx.Response:
        try:
            answer = _http(self._runtime).request(
                method, path, headers=self._headers, content=content.encode() if content is not None else None
            )
        except httpx.TransportError as error:
            raise RuntimeAway(
                "The runtime does not answer.", where=self._runtime, fix="Start it again: baigong up"
            ) from error
        if answer.is_error:
            raise Refused(answer.status_code, _detail(answer))
        return answer

    @staticmethod
    def _json(answer: httpx.Response) -> dict[str, Any]:
        return cast("dict[str, Any]", answer.json())


@cache
def _http(runtime: str) -> httpx.Client:
    return httpx.Client(base_url=runtime, timeout=_TIMEOUT, trust_env=False, cookies=no_cookies())


def _detail(answer: httpx.Response) -> str:
    try:
        told = cast("dict[str, Any]", answer.json())
        return f"{told['detail']} {told.get('fix', '')}".strip()
    except (ValueError, KeyError, TypeError):  # no problem document: something else answered
        return f"HTTP {answer.status_code}"
