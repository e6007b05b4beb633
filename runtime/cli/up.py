"""`up` serves the home and its builder; `login` makes a link for signing a browser in."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ..base.errors import BaigongError, Json
from ..base.language import Language
from .errors import UsageError
from .options import AsJson, chosen
from .output import emit, paint, say
from .process import DRAIN, calm, write_log

if TYPE_CHECKING:
    import socket

    from ..base.settings import Settings
    from ..orchestration.workbench import Workbench

__all__ = ["login", "up"]

log = logging.getLogger(__name__)

_DAY: Final = 86_400.0
_DECISIONS_DAYS: Final = 90
"""For how long decisions of the model router are kept."""

_TEXTS: Final[dict[Language, dict[str, str]]] = {
    "en": {
        "open": "Open the builder: {}",
        "once": "The link is good once and for 10 minutes; for another one: baigong login",
        "api": "API: {}",
        "home": "Home folder: {}",
        "key": "API key, shown this once: {}",
        "stop": "Stop with Ctrl+C; runs that are open go on at the next start.",
        "link": "This token signs one browser in, once, within 10 minutes: {}",
        "page": "This page signs one browser in, once, within 10 minutes: {}",
        "silent": "The builder does not answer; the API does. Look at the lines above, or at {}.",
    },
    "zh": {
        "open": "打开编排界面：{}",
        "once": "该链接仅可在 10 分钟内使用一次；获取新链接：baigong login",
        "api": "API 地址：{}",
        "home": "数据目录：{}",
        "key": "API 密钥（仅显示这一次）：{}",
        "stop": "按 Ctrl+C 停止；未完成的运行会在下次启动时继续。",
        "link": "此令牌可供一个浏览器在 10 分钟内登录一次：{}",
        "page": "此页面可供一个浏览器在 10 分钟内登录一次：{}",
        "silent": "编排界面没有响应，但 API 正常。请查看上方日志，或访问 {}。",
    },
}

PortOption = Annotated[
    int | None, typer.Option("--port", min=0, max=65535, help="The server's port; 0 takes a free one.")
]
UiPortOption = Annotated[
    int | None, typer.Option("--ui-port", min=0, max=65535, help="The builder's port; 0 takes a free one.")
]


def up(
    port: PortOption = None,
    ui_port: UiPortOption = None,
    new_key: Annotated[bool, typer.Option("--new-key", help="Make another API key and show it.")] = False,
    api_only: Annotated[bool, typer.Option("--api-only", help="Serve the API alone, without the builder.")] = False,
    as_json: AsJson = False,
) -> int:
    """Serve the home and the builder until Ctrl+C or SIGTERM."""
    from ..base.settings import load_settings

    settings = load_settings()
    write_log(settings)
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(_bind(settings, settings.port if port is None else port, "port"))
        pages = None
        if not api_only:
            number = settings.ui_port if ui_port is None else ui_port
            pages = stack.enter_context(_bind(settings, number, "ui-port"))
        _run(settings, listening, pages, new_key=new_key, as_json=as_json)
    return 0


def login(as_json: AsJson = False) -> None:
    """Make a link that signs a browser in at the running builder, once and within 10 minutes."""
    from ..base.settings import load_settings
    from ..storage import Home
    from .builder import sign_in_url
    from .client import ask

    home = load_settings().home
    owner = Home.owner(home)
    if owner is None or owner.address is None:
        raise UsageError("No server owns this home.", where=str(home), fix="Start one: baigong up")
    found = ask(lambda client: client.post("/v1/session/links"))
    page = sign_in_url(owner.builder, str(found["link"])) if owner.builder else None
    if as_json:
        emit({"url": owner.address, **found, "builder": page})
    else:
        say(_text("page").format(page) if page else _text("link").format(found["link"]))


def _bind(settings: Settings, port: int, option: str) -> socket.socket:
    """Return a listening socket.

    Raises:
        HomeBusy: The port is in use by the server that owns this very home.
        PortBusy: The port is in use by something else.
    """
    from ..server.errors import PortBusy
    from ..server.listening import bind
    from ..storage import Home, open_home

    try:
        return bind(settings.host, port, option)
    except PortBusy:
        if Home.owner(settings.home) is not None:
            open_home(settings).close()
        raise


def _run(
    settings: Settings, listening: socket.socket, pages: socket.socket | None, *, new_key: bool, as_json: bool
) -> None:
    try:
        import uvloop
    except ImportError:  # not for every platform
        factory = None
    else:
        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(_serve(settings, listening, pages, new_key=new_key, as_json=as_json))


async def _serve(
    settings: Settings, listening: socket.socket, pages: socket.socket | None, *, new_key: bool, as_json: bool
) -> None:
    from ..orchestration.workbench import Workbench
    from ..server.app import create_app
    from ..server.listening import listen
    from ..server.openai.batch_answers import BatchAnswers
    from .builder import builder, sign_in_url

    bench = await Workbench.open(settings)
    try:
        url, hosts = _url(settings.host, listening), _hosts(settings)
        page = _url(settings.host, pages) if pages else None
        key = await _first_key(bench, wanted=new_key)
        owner = bench.home.publish(url, builder=page)
        app = create_app(bench, owner_key=owner.key or "", hosts=hosts, origins=_origins(hosts, pages))
        async with listen(app, listening) as serving, contextlib.AsyncExitStack() as stack:
            calm()
            bench.batches.start(BatchAnswers(bench))
            taking = asyncio.create_task(_take_up(bench))
            forgetting = asyncio.create_task(_forget(bench))
            signing = None
            if page is not None and pages is not None:
                answers = await stack.enter_async_context(
                    builder(page, pages, runtime=url, hosts=hosts, language=settings.language)
                )
                signing = sign_in_url(page, (await bench.credentials.issue_link())[0])
                if not answers:
                    say(paint(_text("silent").format(page), "red"))
            _announce(url, signing, key, settings, as_json=as_json)
            await asyncio.wait([serving])
            taking.cancel()
            forgetting.cancel()
    finally:
        await bench.close(drain=DRAIN)


async def _forget(bench: Workbench) -> None:
    """Once a day, forget what is older than it is to be kept."""
    from ..orchestration.retention import prune

    while True:
        try:
            freed = await prune(bench.database, days=bench.settings.retain_days)
            await bench.answers.forget()
            await bench.similar.forget()
            await bench.decisions.forget(int((time.time() - _DECISIONS_DAYS * _DAY) * 1000))
            if freed.runs or freed.files:
                log.info("forgotten: %s", freed.to_json())
        except BaigongError as error:
            log.warning("nothing is forgotten: %s", error)
        await asyncio.sleep(_DAY)


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


def _announce(url: str, signing: str | None, key: str | None, settings: Settings, *, as_json: bool) -> None:
    if as_json:
        shown: dict[str, Json] = {"url": url, "key": key, "builder": signing}
        print(_line(shown), flush=True)  # noqa: T201 one line, at once, for programs that wait for it
        return
    if signing:
        say(paint(_text("open").format(signing), "green"))
        say(_text("once"))
    say(_text("api").format(url) if signing else paint(_text("api").format(url), "green"))
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
    return [*dict.fromkeys([*LOOPBACK, settings.host, *filter(None, named)])]


def _origins(hosts: list[str], pages: socket.socket | None) -> list[str]:
    """Return the origins of the builder's pages, by each of its names."""
    if pages is None:
        return []
    port = pages.getsockname()[1]
    return [f"{scheme}://{_bracketed(host)}:{port}" for host in hosts for scheme in ("http", "https")]


def _url(host: str, listening: socket.socket) -> str:
    """Return the address under which a socket is reached from this machine."""
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 a comparison
    return f"http://{_bracketed(reached)}:{listening.getsockname()[1]}"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _text(key: str) -> str:
    return _TEXTS[chosen(None)][key]
