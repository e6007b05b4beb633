"""A real server with models that play scripts, for the clients that people really use."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from openai import AsyncOpenAI

from runtime.base.settings import Settings
from runtime.orchestration.workbench import Workbench
from runtime.server.app import create_app
from runtime.server.openai.batch_answers import BatchAnswers

from .shapes import Shapes

OWNER = "owner-key-of-the-tests"
MODELS = """\
models:
  scripted/echo: {caps: [chat, tools, json, vision], options: {echo: true}, price: {input: 1.0, output: 2.0}}
  scripted/talk: {options: {script: [{text: "The seal leaks.", pieces: 4, repeat: true}]}}
  scripted/tool:
    options:
      script: [{calls: [{name: look, arguments: {place: 东}}, {name: look, arguments: {place: b}}], repeat: true}]
  scripted/data: {options: {script: [{data: {fault: leak, sure: 0.5}, repeat: true}]}}
  scripted/down: {options: {script: [{error: {code: BG823, message: down}, repeat: true}]}}
  scripted/cut: {options: {script: [{text: "Half a", pieces: 2, error: {code: BG827, message: cut}, repeat: true}]}}
  scripted/slow: {options: {script: [{text: "late", delay: 60, repeat: true}]}}
  scripted/one: {rate: {parallel: 1}, options: {script: [{text: "Done.", delay: 0.2, repeat: true}]}}
  embedder/words: {caps: [embed], options: {embedder: hashing}}
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Live:
    """A server that listens, and its address."""

    bench: Workbench
    url: str
    clients: list[AsyncOpenAI] = field(default_factory=list[AsyncOpenAI])

    def client(self, key: str = OWNER, **more: Any) -> AsyncOpenAI:  # noqa: ANN401
        self.clients.append(AsyncOpenAI(base_url=f"{self.url}/openai/v1", api_key=key, max_retries=0, **more))
        return self.clients[-1]

    async def keyed(self, *scopes: str) -> str:
        key, _ = await self.bench.credentials.issue_key("test", scopes=scopes)
        return key


@pytest.fixture
async def live(settings: Settings) -> AsyncIterator[Live]:
    settings.home.mkdir(parents=True)
    (settings.home / "models.yaml").write_text(MODELS, encoding="utf-8")
    bench = await Workbench.open(settings)
    app = create_app(bench, owner_key=OWNER)
    bench.batches.start(BatchAnswers(bench))
    config = uvicorn.Config(app, port=0, log_level="critical", lifespan="off", ws="none", timeout_graceful_shutdown=2)
    socket = config.bind_socket()
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve(sockets=[socket]))
    try:
        live = Live(bench=bench, url=f"http://127.0.0.1:{socket.getsockname()[1]}")
        yield live
        for client in live.clients:
            await client.close()
    finally:
        server.should_exit = True
        await task
        socket.close()
        await bench.close()


@pytest.fixture
def client(live: Live) -> AsyncOpenAI:
    return live.client()


@pytest.fixture
async def http(live: Live) -> AsyncIterator[httpx.AsyncClient]:
    """A client that hides nothing of the answers."""
    async with httpx.AsyncClient(
        base_url=f"{live.url}/openai/v1", headers={"Authorization": f"Bearer {OWNER}"}, timeout=30
    ) as client:
        yield client


@pytest.fixture(scope="session")
def shapes(test_data: Path) -> Shapes:
    """OpenAI's description of the interface."""
    return Shapes(test_data / "protocol_schemas" / "openai" / "openapi.json")
