"""Serves the builder: `python -m builder_ui --runtime URL --fd N`, as `baigong up` starts it.

It ends with its parent: when the other end of its standard input is gone, nobody needs it any more.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import socket
import sys
import threading

import uvicorn

from .app import create_app

__all__ = ["main"]


def main() -> None:
    """Serve until the parent is gone, or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m builder_ui")
    parser.add_argument("--runtime", required=True, help="Address of the runtime, such as http://127.0.0.1:8321.")
    parser.add_argument("--fd", type=int, required=True, help="Number of a listening socket that is passed on.")
    parser.add_argument("--hosts", default="127.0.0.1,localhost,::1", help="Names by which the builder may be called.")
    parser.add_argument("--language", choices=["en", "zh"], default="en", help="For whoever has chosen none.")
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for name in ("httpx", "uvicorn"):
        logging.getLogger(name).setLevel(logging.WARNING)
    app = create_app(chosen.runtime, hosts=chosen.hosts.split(","), language=chosen.language)
    config = uvicorn.Config(
        app, log_config=None, access_log=False, server_header=False, proxy_headers=False, timeout_graceful_shutdown=2
    )
    server = uvicorn.Server(config)
    threading.Thread(target=_end_with_parent, args=(server,), daemon=True).start()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(server.serve([socket.socket(fileno=chosen.fd)]))


def _end_with_parent(server: uvicorn.Server) -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    server.should_exit = True


if __name__ == "__main__":
    main()
