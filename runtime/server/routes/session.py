"""Signing a browser in: a link that is good once becomes a cookie."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from ...access.credentials import SESSION_SECONDS
from ...access.principal import EVERYTHING
from ...base.errors import Json
from ..errors import Forbidden
from ..guard import Guarded, needs
from ..service import COOKIE, Body, Served, Who

__all__ = ["router"]

router = APIRouter(prefix="/v1/session", route_class=Guarded, tags=["session"])


class SignIn(Body):
    """The token of a link."""

    link: str


@router.post("/links", status_code=201)
@needs("keys:write")
async def make_link(service: Served, who: Who) -> dict[str, Json]:
    """Make a link's token, which signs one browser in within 10 minutes; only who may do everything can make one."""
    if not who.may(EVERYTHING):
        raise Forbidden("A session may do everything, and you may not.", where=EVERYTHING)
    link, expires = await service.bench.credentials.issue_link(workspace=who.workspace)
    return {"link": link, "expires": expires}


@router.post("")
@needs(None)
async def sign_in(service: Served, body: SignIn, request: Request) -> Response:
    """Turn a link's token into the cookie of a session."""
    session, who = await service.bench.credentials.redeem(body.link)
    answer = JSONResponse({"workspace": who.workspace, "id": who.id, "kind": who.kind})
    answer.set_cookie(
        COOKIE, session, max_age=SESSION_SECONDS, httponly=True, samesite="strict", secure=request.url.scheme == "https"
    )
    return answer


@router.get("")
@needs("apps:read", own=True)
async def who_am_i(who: Who) -> dict[str, Json]:
    """Say who asks and what they may do."""
    return {
        "workspace": who.workspace, "id": who.id, "kind": who.kind, "app": who.app, "scopes": [*sorted(who.scopes)],
    }  # fmt: skip


@router.delete("", status_code=204)
@needs("apps:read", own=True)
async def sign_out(service: Served, who: Who) -> Response:
    """End the browser's session."""
    if who.kind == "user":
        await service.bench.credentials.revoke(who.id, who.workspace)
    answer = Response(status_code=204)
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return answer
