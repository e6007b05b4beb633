from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from httpx import Response

from runtime.access import SCOPES
from runtime.base.settings import Settings
from runtime.orchestration.workbench import Workbench
from runtime.server.app import create_app

from .conftest import GREETER, ORIGIN, PERSON, Site

pytestmark = pytest.mark.anyio

OPEN = {("get", "/healthz"), ("get", "/readyz"), ("post", "/v1/session")}


def operations(site: Site) -> list[tuple[str, str, dict[str, Any]]]:
    paths = site.app.openapi()["paths"]
    found = [(method, path, operation) for path, item in paths.items() for method, operation in item.items()]
    assert len(found) > 30
    return found


def filled(path: str) -> str:
    return re.sub(r"{[^}]*}", "x", path)


def code(answer: Response) -> str:
    """Return the code of an error, which OpenAI's clients find in a header."""
    return answer.headers.get("x-baigong-code") or answer.json()["code"]


async def test_every_route_but_the_open_ones_wants_a_credential_before_it_reads_the_body(site: Site) -> None:
    for method, path, operation in operations(site):
        if (method, path) in OPEN:
            assert "security" not in operation
            continue
        assert operation["x-scope"] in SCOPES
        credentials: list[dict[str, str]] = [
            {}, {"Authorization": "Bearer bgk_wrong"}, {"Authorization": "Basic eDp5"}, {"Authorization": "Bearer "},
            {"Cookie": "baigong_session=bgs_wrong"},
        ]  # fmt: skip
        for headers in credentials:
            async with site.client() as client:
                answer = await client.request(method, filled(path), headers=headers, content=b"{not json")
            assert (answer.status_code, code(answer)) == (401, "BG951"), (method, path, headers)
            assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_key_does_what_its_scopes_say_and_nothing_else(site: Site) -> None:
    for method, path, operation in operations(site):
        if (method, path) in OPEN:
            continue
        others = sorted(SCOPES - {operation["x-scope"], "*"})
        async with await site.keyed(*others) as client:
            answer = await client.request(method, filled(path))
        assert (answer.status_code, code(answer)) == (403, "BG952"), (method, path)
        if path == "/v1/session/links":  # asks for more than its scope
            continue
        async with await site.keyed(operation["x-scope"]) as client:
            answer = await client.request(method, filled(path))
        assert answer.status_code not in (401, 403), (method, path)


async def test_a_key_is_taken_from_nowhere_but_its_header(site: Site) -> None:
    key, _ = await site.bench.credentials.issue_key("test")
    for headers, query in (({"X-Api-Key": key}, ""), ({"Cookie": f"baigong_session={key}"}, ""), ({}, f"?key={key}")):
        async with site.client() as client:
            answer = await client.get(f"/v1/runs{query}", headers=headers)
        assert answer.status_code == 401


async def test_a_key_of_one_app_reaches_that_app_alone(site: Site) -> None:
    await site.put(GREETER)
    await site.put(PERSON)
    other = (await site.run("person")).json()["run_id"]
    async with await site.keyed("*", app="greeter") as client:
        mine = await client.post("/v1/apps/greeter/runs", json={"inputs": {"name": "x"}})
        assert mine.status_code in (200, 202)
        assert (await client.get(mine.headers["location"])).status_code in (200, 202)
        assert (await client.post("/v1/apps/person/runs", json={})).status_code == 403
        assert (await client.get(f"/v1/runs/{other}")).status_code == 404
        assert (await client.post(f"/v1/runs/{other}/cancel")).status_code == 404
        assert [one["app"] for one in (await client.get("/v1/runs")).json()["runs"]] == ["greeter"]
        for place in ("/v1/apps", "/v1/keys", "/v1/secrets", "/v1/knowledge", "/metrics"):
            assert (await client.get(place)).status_code == 403
        assert (await client.post("/v1/bundles", content=GREETER.encode())).status_code == 403


async def test_a_browser_signs_in_once_with_a_link_and_signs_out(site: Site) -> None:
    link = (await site.owner.post("/v1/session/links")).json()["link"]
    async with site.client(headers={"Origin": ORIGIN, "X-Baigong": "1"}) as browser:
        answer = await browser.post("/v1/session", json={"link": link})
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert (await browser.get("/v1/session")).json()["kind"] == "user"
        spent = await browser.post("/v1/session", json={"link": link})
        assert (spent.status_code, spent.json()["code"]) == (401, "BG938")
        kept = dict(browser.cookies)
        assert (await browser.delete("/v1/session")).status_code == 204
    async with site.client(cookies=kept) as thief:
        assert (await thief.get("/v1/session")).status_code == 401


@pytest.mark.parametrize("headers", [{}, {"Origin": ORIGIN}, {"X-Baigong": "1"}])
async def test_a_change_by_a_browser_needs_our_origin_and_header(site: Site, headers: dict[str, str]) -> None:
    browser = await site.browser()
    async with site.client(cookies=dict(browser.cookies), headers=headers) as client:
        assert (await client.get("/v1/runs")).status_code == 200
        answer = await client.post("/v1/apps/greeter/runs", json={})
        assert (answer.status_code, answer.json()["code"]) == (403, "BG958")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8321", "127.0.0.1.evil.example", "", "[::2]:80"])
async def test_a_foreign_host_name_is_refused(site: Site, host: str) -> None:
    answer = await site.owner.get("/healthz", headers={"Host": host})
    assert (answer.status_code, answer.json()["code"]) == (421, "BG957")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8321", "[::1]:8321", "LOCALHOST:1"])
async def test_our_own_names_are_served(site: Site, host: str) -> None:
    assert (await site.owner.get("/healthz", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", ORIGIN + ".evil.example"])
async def test_a_page_of_another_origin_is_refused(site: Site, origin: str) -> None:
    answer = await site.owner.get("/v1/runs", headers={"Origin": origin})
    assert (answer.status_code, answer.json()["code"]) == (403, "BG958")


async def test_a_body_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    bench = await Workbench.open(Settings(home=tmp_path / "home", max_body_mb=0.01, max_upload_mb=0.02))
    try:
        site = Site(bench=bench, app=create_app(bench, owner_key="k"), owner=None)  # pyright: ignore[reportArgumentType]
        headers = {"Authorization": "Bearer k", "Content-Type": "application/json"}

        async def pieces() -> AsyncIterator[bytes]:
            for _ in range(40):
                yield b" " * 1024

        async with site.client(headers=headers) as client:
            for content in (b" " * 20_000, pieces()):
                answer = await client.post("/v1/knowledge", content=content)
                assert (answer.status_code, answer.json()["code"]) == (413, "BG956")
            for content in (b" " * 30_000, pieces()):
                answer = await client.post("/v1/artifacts?name=x", content=content)
                assert answer.status_code == 413
            assert (await client.post("/v1/artifacts?name=x", content=b" " * 20_000)).status_code == 201
    finally:
        await bench.close()


async def test_a_key_is_shown_once_gives_no_more_than_its_maker_has_and_is_revoked(site: Site) -> None:
    made = (await site.owner.post("/v1/keys", json={"name": "shop", "scopes": ["runs:read"]})).json()
    async with site.client(headers={"Authorization": f"Bearer {made['key']}"}) as client:
        assert (await client.get("/v1/runs")).status_code == 200
        listed = (await site.owner.get("/v1/keys")).text
        assert made["id"] in listed
        assert made["key"] not in listed
        assert (await site.owner.delete(f"/v1/keys/{made['id']}")).status_code == 204
        assert (await client.get("/v1/runs")).status_code == 401
    async with await site.keyed("keys:write") as client:
        answer = await client.post("/v1/keys", json={"name": "more", "scopes": ["runs:read"]})
        assert answer.status_code == 403
        assert (await client.post("/v1/session/links")).status_code == 403
