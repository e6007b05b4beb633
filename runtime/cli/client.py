"""How commands reach a home: through the server that owns it, or through one in this process while they work."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import httpx

from ..base.errors import Json
from ..base.settings import Settings, load_settings
from ..storage import Home
from .errors import Answered, OwnerAway, UsageError
from .inprocess import InProcess

__all__ = ["Client", "ask", "reach"]

T = TypeVar("T")

_TIMEOUT: Final = httpx.Timeout(None, connect=5.0)


class Client:
    """Speaks to one home's server.

    Args:
        http: The connection, with the credential.
    """

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def get(self, path: str, *, wait: int = 0, **query: str | int | None) -> dict[str, Any]:
        """Read something; `wait` is for how many seconds the server may wait for it."""
        params = {name: value for name, value in query.items() if value is not None}
        return await self._call("GET", path, params=params, headers={"Accept": "application/json", **_prefer(wait)})

    async def post(
        self, path: str, body: Mapping[str, Json] | None = None, *, wait: int = 0, fresh: bool = False
    ) -> dict[str, Any]:
        """Send JSON; `wait` is for how many seconds the server may wait, `fresh` refuses what it has kept."""
        headers = {**_prefer(wait), **({"Cache-Control": "no-cache"} if fresh else {})}
        return await self._call("POST", path, json=body, headers=headers)

    async def put(self, path: str, body: Mapping[str, Json]) -> dict[str, Any]:
        """Put JSON."""
        return await self._call("PUT", path, json=body)

    async def delete(self, path: str) -> None:
        """Delete something."""
        await self._call("DELETE", path)

    async def upload(self, path: str, content: bytes, *, kind: str = "", **query: str) -> dict[str, Any]:
        """Send a file."""
        headers = {"Content-Type": kind or "application/octet-stream"}
        return await self._call("POST", path, content=content, params=query, headers=headers)

    async def download(self, path: str) -> bytes:
        """Read a file."""
        return (await self._answer("GET", path)).content

    async def events(self, run: str) -> AsyncIterator[dict[str, Any]]:
        """Yield a run's events until it ends or waits for a person."""
        async with self._http.stream("GET", f"/v1/runs/{run}/events") as answer:
            if answer.is_error:
                await answer.aread()
                raise _refusal(answer)
            async for line in answer.aiter_lines():
                if line.startswith("data: "):
                    event = cast("dict[str, Any]", json.loads(line.removeprefix("data: ")))
                    yield event
                    if event["type"] == "run.waiting":
                        return

    async def _call(self, method: str, path: str, **options: Any) -> dict[str, Any]:  # noqa: ANN401 as httpx's
        answer = await self._answer(method, path, **options)
        return cast("dict[str, Any]", answer.json()) if answer.content else {}

    async def _answer(self, method: str, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401 as httpx's
        try:
            answer = await self._http.request(method, path, **options)
        except httpx.TransportError as error:
            raise OwnerAway(
                f"The server of this home does not answer: {error}.",
                where=str(self._http.base_url),
                fix="Look whether it runs and is not overloaded; if it hangs, end it and try again.",
            ) from error
        if answer.is_error:
            raise _refusal(answer)
        return answer


def ask(work: Callable[[Client], Awaitable[T]], *, models: Path | None = None) -> T:
    """Do a command's work with a client of the home of the settings.

    Args:
        work: The work.
        models: A `models.yaml` in the place of the home's own, for a home that no server owns.
    """

    async def session() -> T:
        async with reach(load_settings(), models) as client:
            return await work(client)

    return asyncio.run(session())


@asynccontextmanager
async def reach(settings: Settings, models: Path | None = None) -> AsyncGenerator[Client]:
    """Open the way to a home.

    Raises:
        HomeBusy: Another command owns the home at this moment.
        UsageError: `models` is given, but a server owns the home.
    """
    owner = Home.owner(settings.home)
    if owner is None or owner.address is None:
        async with _own(settings, models) as client:
            yield client
        return
    if models is not None:
        fix = "Put the models into the home's own models.yaml, or stop the server."
        raise UsageError(
            f"A server at {owner.address} owns the home and has its own models.", where="--models", fix=fix
        )
    async with httpx.AsyncClient(
        base_url=owner.address, headers=_bearer(owner.key or ""), timeout=_TIMEOUT, trust_env=False
    ) as http:
        yield Client(http)


@asynccontextmanager
async def _own(settings: Settings, models: Path | None) -> AsyncGenerator[Client]:
    from ..orchestration.workbench import Workbench
    from ..server.app import create_app

    bench = await Workbench.open(settings, models_file=models)
    try:
        key = secrets.token_urlsafe(32)
        transport = InProcess(create_app(bench, owner_key=key))
        async with httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1", headers=_bearer(key), timeout=_TIMEOUT
        ) as http:
            yield Client(http)
    finally:
        await bench.close()


def _bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def _prefer(seconds: int) -> dict[str, str]:
    return {"Prefer": f"wait={seconds}"} if seconds else {}


def _refusal(answer: httpx.Response) -> Answered:
    try:
        problem: object = answer.json()
    except ValueError:
        problem = None
    if not isinstance(problem, dict):
        return Answered({"detail": f"The server answered {answer.status_code}.", "where": str(answer.url)})
    found = cast("dict[str, Json]", problem)
    said = found.get("error")
    if isinstance(said, dict):  # the OpenAI-compatible interface has a form of its own
        code = answer.headers.get("x-baigong-code", "")
        found = {"detail": said.get("message"), "where": said.get("param"), "code": code}
    return Answered(found)
