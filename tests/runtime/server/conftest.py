"""A server over a real home, with a scripted model, reached in process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response

from runtime.base.settings import Settings
from runtime.orchestration.workbench import Workbench
from runtime.server.app import create_app

MODELS = """\
models:
  scripted/echo: {options: {echo: true}}
  scripted/slow: {options: {script: [{match: Greet, text: late, delay: 1, repeat: true}]}}
"""
GREETER = """\
dsl: 1
app: {id: greeter, name: {en: Greeter, zh: 问候}, version: 0.1.0}
inputs: {name: string, note: optional<file>}
outputs: {text: string, size: optional<integer>}
requires: {models: {main: {caps: [chat]}}}
nodes:
  say: {type: llm, model: main, prompt: "Greet ${name}.", in: {name: "${inputs.name}"}}
  done: {type: end, in: {text: "${say.text}", size: "${inputs.?note.size.orValue(null)}"}}
"""
PERSON = """\
dsl: 1
app: {id: person, name: Person, version: 0.1.0}
outputs: {note: string}
nodes:
  ask: {type: human, actions: [ok], form: {note: string}}
  done: {type: end, in: {note: "${ask.note}"}}
"""
ORIGIN = "http://127.0.0.1:8320"
OWNER = "owner-key-of-the-tests"


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """A server, its home, and a client who is its owner."""

    bench: Workbench
    app: FastAPI
    owner: AsyncClient

    def client(self, *, headers: dict[str, str] | None = None, cookies: dict[str, str] | None = None) -> AsyncClient:
        """Return a client without any credential of its own."""
        return AsyncClient(
            transport=ASGITransport(self.app), base_url="http://127.0.0.1", headers=headers, cookies=cookies
        )

    async def keyed(self, *scopes: str, app: str | None = None) -> AsyncClient:
        """Return a client with a fresh API key."""
        key, _ = await self.bench.credentials.issue_key("test", scopes=scopes, app=app)
        return self.client(headers={"Authorization": f"Bearer {key}"})

    async def browser(self) -> AsyncClient:
        """Return a client that has signed in as a browser does."""
        link, _ = await self.bench.credentials.issue_link()
        client = self.client(headers={"Origin": ORIGIN, "X-Baigong": "1"})
        assert (await client.post("/v1/session", json={"link": link})).status_code == 200
        return client

    async def put(self, text: str) -> None:
        """Keep an app."""
        name = text.partition("id: ")[2].partition(",")[0]
        assert (await self.owner.put(f"/v1/apps/{name}", content=text.encode())).status_code == 200

    async def run(self, app: str, inputs: dict[str, Any] | None = None, **headers: str) -> Response:
        """Run an app and wait for it."""
        return await self.owner.post(
            f"/v1/apps/{app}/runs", json={"inputs": inputs or {}}, headers={"Prefer": "wait=30", **headers}
        )


@pytest.fixture
async def site(settings: Settings) -> AsyncIterator[Site]:
    settings.home.mkdir(parents=True)
    (settings.home / "models.yaml").write_text(MODELS, encoding="utf-8")
    bench = await Workbench.open(settings)
    try:
        app = create_app(bench, owner_key=OWNER, origins=[ORIGIN])
        headers = {"Authorization": f"Bearer {OWNER}"}
        async with AsyncClient(transport=ASGITransport(app), base_url="http://127.0.0.1", headers=headers) as owner:
            yield Site(bench=bench, app=app, owner=owner)
    finally:
        await bench.close()
