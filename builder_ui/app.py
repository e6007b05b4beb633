"""Puts the builder together: Streamlit's pages, the canvas's files, signing in, and the way to the runtime."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from starlette.middleware import Middleware
from starlette.routing import Route
from starlette.types import ASGIApp

from .assets import serve_asset
from .gate import Gate
from .proxy import Proxy
from .signin import SignIn
from .texts import texts
from .theme import configure

__all__ = ["create_app"]

log = logging.getLogger(__name__)


def create_app(runtime: str, *, hosts: Iterable[str], language: str) -> ASGIApp:
    """Return the builder of one runtime.

    Args:
        runtime: The runtime's address.
        hosts: Names by which the builder may be called.
        language: The language of visitors who have chosen none.
    """
    import streamlit as st

    configure()
    proxy = Proxy(runtime)
    methods = ["GET", "HEAD", "POST", "PUT", "DELETE"]
    routes = [
        Route("/api/{path:path}", proxy.forward, methods=methods),
        Route("/signin", SignIn(proxy, language).answer, methods=["GET"]),
        Route("/canvas/{name}", serve_asset, methods=["GET"]),
    ]
    secrets: dict[str, Any] = {"runtime": runtime, "language": language}
    return st.App(
        Path(__file__).with_name("script.py"),
        routes=routes,
        middleware=[Middleware(Gate, hosts=frozenset(hosts))],
        secrets=secrets,
        on_script_error=_tell,
    )


def _tell(error: Exception) -> bool:
    """Show a visitor that something went wrong; what it was is in the log."""
    import streamlit as st

    log.error("A page failed.", exc_info=error)
    language = "zh" if st.session_state.get("lang") == "zh" else "en"
    st.error(texts(language)["shell.failed"])
    return True
