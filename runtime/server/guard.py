"""The guard of every route: who asks and what they may do is decided before a byte of the body is read."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final, NoReturn, TypeVar

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.types import Message, Receive

from ..access import LOCAL_OWNER, Principal
from .errors import Forbidden, ForeignOrigin, RequestTooLarge, Unauthenticated
from .service import COOKIE, Service

__all__ = ["CSRF", "Guarded", "needs"]

F = TypeVar("F", bound=Callable[..., Any])

CSRF: Final = "x-baigong"
"""The header that a page must add to requests that change something; a foreign page cannot."""

_SAFE: Final = ("GET", "HEAD", "OPTIONS")
_MIB: Final = 1024 * 1024
_SECURITY: Final[list[dict[str, list[str]]]] = [{"key": []}, {"session": []}]


@dataclass(frozen=True, slots=True)
class _Need:
    scope: str | None
    own: bool
    upload: bool


def needs(scope: str | None, *, own: bool = False, upload: bool = False) -> Callable[[F], F]:
    """Declare what a route asks of its caller; a route without it is refused when the server is put together.

    Args:
        scope: The scope, or None for a route that is open to everybody.
        own: Whether a principal of one app gets through, because the route itself looks at the app.
        upload: Whether the body is a file, which may be larger.
    """

    def mark(endpoint: F) -> F:
        endpoint.__need__ = _Need(scope, own, upload)  # pyright: ignore[reportFunctionMemberAccess]
        return endpoint

    return mark


class Guarded(APIRoute):
    """A route that authenticates, authorises and limits before anything else happens."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:  # noqa: ANN401 as FastAPI's
        need: _Need | None = getattr(endpoint, "__need__", None)
        if need is None:
            raise TypeError(f"The route {path} does not say what it needs.")
        self._need = need
        if need.scope is not None:
            options["openapi_extra"] = {"security": _SECURITY, "x-scope": need.scope}
        options["response_model"] = None  # answers are JSON already
        super().__init__(path, endpoint, **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler with the guard before it."""
        handle, need = super().get_route_handler(), self._need

        async def guarded(request: Request) -> Response:
            service: Service = request.app.state.service
            if need.scope is not None:
                who = await _authenticate(service, request)
                app = who.app if need.own else request.path_params.get("app")
                if not who.may(need.scope, app=app):
                    raise Forbidden("This credential does not allow that.", where=need.scope)
                request.state.principal = who
            settings = service.bench.settings
            limit = int((settings.max_upload_mb if need.upload else settings.max_body_mb) * _MIB)
            return await handle(_Strict(request.scope, _limited(request, limit)))

        return guarded


class _Strict(Request):
    """A request whose JSON is what RFC 8259 allows: no NaN, no infinity, no half of a surrogate pair."""

    async def json(self) -> Any:  # noqa: ANN401 as Starlette's
        """Parse the body.

        Raises:
            JSONDecodeError: It is no JSON.
        """
        body = await self.body()
        value = json.loads(body, parse_constant=_refuse, parse_float=_float)
        if b"\\ud" in body.lower():
            try:
                json.dumps(value, ensure_ascii=False).encode()
            except UnicodeEncodeError:
                _refuse("half of a surrogate pair")
        return value


def _refuse(constant: str) -> NoReturn:
    raise json.JSONDecodeError(f"{constant} is not allowed", constant, 0)


def _float(text: str) -> float:
    value = float(text)
    return value if value - value == 0 else _refuse(text)


async def _authenticate(service: Service, request: Request) -> Principal:
    """Return who asks, by the key in `Authorization` or the session in the cookie."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        if hmac.compare_digest(token.encode(), service.owner_key.encode()):
            return LOCAL_OWNER
        who = await service.bench.credentials.find(token)
        if who is not None and who.kind == "key":
            return who
    elif not scheme and (cookie := request.cookies.get(COOKIE)):
        who = await service.bench.credentials.find(cookie)
        if who is not None and who.kind == "user":
            if request.method not in _SAFE and not (request.headers.get("origin") and request.headers.get(CSRF)):
                fix = "Send the request from the builder's own pages, with the header X-Baigong: 1."
                raise ForeignOrigin("A change by a browser needs our own page.", where="Origin", fix=fix)
            return who
    raise Unauthenticated(
        "No valid credential came with the request.",
        where="Authorization",
        fix="Send the header Authorization: Bearer KEY with an API key of this home, or sign in: baigong login",
    )


def _limited(request: Request, limit: int) -> Receive:
    """Refuse a body beyond the limit, by its announced length or by what arrives."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        raise _too_large(limit)
    taken = 0

    async def receive() -> Message:
        nonlocal taken
        message = await request.receive()
        taken += len(message.get("body", b""))
        if taken > limit:
            raise _too_large(limit)
        return message

    return receive


def _too_large(limit: int) -> RequestTooLarge:
    fix = "Send less, or raise BAIGONG_MAX_BODY_MB or, for files, BAIGONG_MAX_UPLOAD_MB."
    return RequestTooLarge(f"The body has more than {limit} bytes.", where="body", fix=fix)
