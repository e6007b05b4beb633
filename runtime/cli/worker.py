"""`worker`: a process that works on runs and serves nothing."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING, Final

from ..base.language import Language
from .output import say
from .process import DRAIN, calm, write_log

if TYPE_CHECKING:
    from ..base.settings import Settings

__all__ = ["worker"]

_TEXTS: Final[dict[Language, str]] = {
    "en": "Working. Stop with Ctrl+C; others go on with what is open.",
    "zh": "正在工作。按 Ctrl+C 停止；未完成的运行由其他进程继续。",
}


def worker() -> int:
    """Work on the runs of a PostgreSQL database that servers share, until Ctrl+C or SIGTERM."""
    from ..base.settings import load_settings

    settings = load_settings()
    write_log(settings)
    asyncio.run(_work(settings))
    return 0


async def _work(settings: Settings) -> None:
    from ..orchestration.errors import NeedsPostgres
    from ..orchestration.workbench import Workbench

    if settings.database_url is None:
        raise NeedsPostgres(
            "Several processes can work on one database only where it is PostgreSQL.",
            where="BAIGONG_DATABASE_URL",
            fix="Set it to a PostgreSQL database. With a home folder alone: baigong up",
        )
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    bench = await Workbench.open(settings)
    try:
        await bench.engine.start()
        calm()
        say(_TEXTS[settings.language])
        await stop.wait()
    finally:
        await bench.close(drain=DRAIN)
