"""Signing a browser in by a link that `baigong up` or `baigong login` has printed."""

from __future__ import annotations

import html
import json
from typing import Final

import httpx
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from .proxy import Proxy
from .texts import Language, texts

__all__ = ["SignIn"]

_PAGE: Final = """<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>Baigong</title>{refresh}
<style>body{{font:16px/1.6 system-ui,"Noto Sans CJK SC",sans-serif;
max-width:34em;margin:18vh auto;padding:0 1em}}</style></head><body><h1>{title}</h1><p>{text}</p></body></html>"""


class SignIn:
    """Turns a link's token into the session's cookie, and goes on to the first page.

    Args:
        proxy: The way to the runtime.
        language: The language of its words.
    """

    def __init__(self, proxy: Proxy, language: str) -> None:
        self._proxy = proxy
        self._language: Language = "zh" if language == "zh" else "en"

    async def answer(self, request: Request) -> Response:
        """Sign in, or say why not and what to do."""
        body = json.dumps({"link": request.query_params.get("link", "")}).encode()
        headers = {"content-type": "application/json"}
        try:
            answer = await self._proxy.send("POST", "/v1/session", headers, body)
            await answer.aread()
        except httpx.TransportError:
            return self._page("signin.away", 502)
        cookies = answer.headers.get_list("set-cookie")
        if not answer.is_success or not cookies:
            return self._page("signin.spent", 403)
        # A page of our own that goes on, rather than a redirect: a strict cookie is not sent along with a redirect
        # of a link that another site or program has opened.
        page = self._page("signin.done", 200, refresh='<meta http-equiv="refresh" content="0;url=/">')
        for cookie in cookies:
            page.headers.append("set-cookie", cookie)
        return page

    def _page(self, key: str, status: int, *, refresh: str = "") -> Response:
        found = texts(self._language)
        title, text = html.escape(found[f"{key}.title"]), html.escape(found[f"{key}.text"])
        page = _PAGE.format(lang=self._language, refresh=refresh, title=title, text=text.replace("`", ""))
        return HTMLResponse(page, status, headers={"Cache-Control": "no-store"})
