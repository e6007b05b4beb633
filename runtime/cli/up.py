"""`up` serves the home; `login` makes a link for signing a browser in."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ..base.errors import Json
from ..base.language import Language
from .errors import UsageError
from .options import AsJson, chosen
from .output import emit, paint, say

if TYPE_CHECKING:
    import socket

    from ..base.settings import Settings
    from ..orchestration.workbench import Workbench

__all__ = ["login", "up"]

log = logging.getLogger(__name__)

_TEXTS: Final[dict[Language, dict[str, str]]] = {
    "en": {
        "api": "Serving at {}",
        "home": "Home folder: {}",
        "key": "API key, shown this once: {}",
        "stop": "Stop with Ctrl+C; runs that are open go on at the next start.",
        "link": "This token signs one browser in, once, within 10 minutes: {}",
    },
    "zh": {
        "api": "服务地址：{}",
        "home": "数据目录：{}",
        "key": "API 密钥（仅显示这一次）：{}",
        "stop": "按 Ctrl+C 停止；未完成的运行会在下次启动时继续。",
        "link": "此令牌可供一个浏览器在 10 分钟内登录一次：{}",
    },
}


def up(
    port: Annotated[
        int | None, typer.Option("--port", min=0, max=65535, help="The server's port; 0 takes a free one.")
    ] = None,
    new_key: Annotated[bool, typer.Option("--new-key", help="Make another API key and show it.")] = False,
    api_only: Annotated[
        bool, typer.Option("--api-only", help="Serve the API alone; there is no builder yet, so this is always so.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Serve the home over HTTP until Ctrl+C or SIGTERM."""
    from ..base.settings import load_settings
    from ..server.listening import bind

    settings = load_settings()
    logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for name in ("alembic", "httpx", "sentence_transformers", "uvicorn"):
        logging.getLogger(name).setLevel(logging.WARNING)
    listening = bind(settings.host, settings.port if port is None else port)
    try:
        _run(settings, listening, new_key=new_key, as_json=as_json)
    finally:
        listening.close()
    return 0


def login(as_json: AsJson = False) -> None:
    """Make a token that signs a browser in at the running server, once and within 10 minutes."""
    from ..base.settings import load_settings
    from ..storage import Home
    from .client import ask

    home = load_settings().home
    owner = Home.owner(home)
    if owner is None or owner.address is None:
        raise UsageError("No server owns this home.", where=str(home), fix="Start one: baigong up")
    found = ask(lambda client: client.post("/v1/session/links"))
    if as_json:
        emit({"url": owner.address, **found})
    else:
        say(_text("link").format(found["link"]))


def _run(settings: Settings, listening: socket.socket, *, new_key: bool, as_json: bool) -> None:
    try:
        import uvloop
    except ImportError:  # not for every platform
        factory = None
    else:
        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(_serve(settings, listening, new_key=new_key, as_json=as_json))


async def _serve(settings: Settings, listening: socket.socket, *, new_key: bool, as_json: bool) -> None:
    from ..orchestration.workbench import Workbench
    from ..server.app import create_app
    from ..server.listening import listen

    bench = await Workbench.open(settings)
    try:
        url = _url(settings.host, listening.getsockname()[1])
        key = await _first_key(bench, wanted=new_key)
        owner = bench.home.publish(url)
        app = create_app(bench, owner_key=owner.key or "", hosts=_hosts(settings))
        async with listen(app, listening) as serving:
            _announce(url, key, settings, as_json=as_json)
            taking = asyncio.create_task(_take_up(bench))
            await asyncio.wait([serving])
            taking.cancel()
    finally:
        await bench.close()


async def _take_up(bench: Workbench) -> None:
    """Go on with the runs that an earlier process has left."""
    taken = await bench.engine.start()
    if taken:
        log.info("taken up: %s", ", ".join(taken))


async def _first_key(bench: Workbench, *, wanted: bool) -> str | None:
    """Make the key of a new home, or another one where it is wanted."""
    if not wanted and await bench.credentials.any_key():
        return None
    key, _ = await bench.credentials.issue_key("up")
    return key


def _announce(url: str, key: str | None, settings: Settings, *, as_json: bool) -> None:
    if as_json:
        shown: dict[str, Json] = {"url": url, "key": key}
        print(_line(shown), flush=True)  # noqa: T201 one line, at once, for programs that wait for it
        return
    say(paint(_text("api").format(url), "green"))
    say(_text("home").format(settings.home))
    if key:
        say(_text("key").format(key))
    say(_text("stop"))


def _line(value: Json) -> str:
    import json

    return json.dumps(value, ensure_ascii=False)


def _hosts(settings: Settings) -> list[str]:
    from ..server.app import LOOPBACK

    named = (name.strip().lower() for name in (settings.allowed_hosts or "").split(","))
    return [*LOOPBACK, settings.host, *filter(None, named)]


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _text(key: str) -> str:
    return _TEXTS[chosen(None)][key]
