"""`http` nodes against a real server: what is sent, what comes back, what is refused, what a crash may repeat."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agents.compiler import compile_bundle
from agents.graph import CompiledApp
from agents.spec import Bundle
from runtime.base.networks import read_networks
from runtime.orchestration.record import RunRecord
from tools.http import HttpDoor

from .bench import HEAD, RESOURCES, Bench, bench

pytestmark = pytest.mark.anyio


@dataclass(slots=True)
class Request:
    line: str
    headers: dict[str, str]
    body: str


@dataclass(slots=True)
class Server:
    """A server that answers as each path says, and keeps what it was asked."""

    port: int = 0
    seen: list[Request] = field(default_factory=list[Request])
    replies: dict[str, tuple[int, dict[str, str], bytes]] = field(
        default_factory=dict[str, "tuple[int, dict[str, str], bytes]"]
    )

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        pairs = (line.split(": ", 1) for line in head[1:] if line)
        headers = {name.lower(): value for name, value in pairs}
        body = (await reader.readexactly(int(headers.get("content-length", "0")))).decode()
        self.seen.append(Request(head[0], headers, body))
        path = head[0].split(" ")[1].partition("?")[0]
        status, more, content = self.replies.get(path, (200, {"Content-Type": "application/json"}, b'{"n": 5}'))
        if status == 0:
            writer.close()
            return
        told = "".join(f"{name}: {value}\r\n" for name, value in more.items())
        writer.write(
            f"HTTP/1.1 {status} X\r\nContent-Length: {len(content)}\r\nConnection: close\r\n{told}\r\n".encode()
        )
        writer.write(content)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def server() -> AsyncIterator[Server]:
    site = Server()
    listening = await asyncio.start_server(site.serve, "127.0.0.1", 0)
    site.port = listening.sockets[0].getsockname()[1]
    try:
        yield site
    finally:
        listening.close()


async def reveal(name: str) -> str | None:
    return {"TOKEN": "s3cret", "LOGIN": "me:pass"}.get(name)


@asynccontextmanager
async def host(folder: Path, *, inner: str = "127.0.0.1", offline: bool = False) -> AsyncIterator[Bench]:
    door = HttpDoor(secrets=reveal, inner=read_networks(inner), offline=offline)
    async with bench(folder, doors={"http": door.call}) as found:
        yield found


def text_of(
    node: str, *, outputs: str = "{n: integer}", end: str = "n: '${get.data.n}'", egress: str = "EGRESS"
) -> str:
    return (
        HEAD
        + "inputs: {q: {type: string, default: ''}, b: {type: json, default: null}}\n"
        + f"outputs: {outputs}\nrequires: {{secrets: [TOKEN, LOGIN]}}\npolicy: {{egress: [{egress}]}}\n"
        + f"nodes:\n  get: {{type: http, {node}}}\n  done: {{type: end, in: {{{end}}}}}\n"
    )


def app_of(text: str, site: Server) -> CompiledApp:
    ready = text.replace("EGRESS", f"'127.0.0.1:{site.port}'").replace("SITE", f"http://127.0.0.1:{site.port}")
    found = compile_bundle(Bundle(files={"app.yaml": ready.encode()}), RESOURCES)
    assert found.app is not None, [one.en for one in found.diagnostics]
    return found.app


async def run(where: Bench, app: CompiledApp, **inputs: object) -> RunRecord:
    info = await where.engine.accept(app, dict(inputs))  # pyright: ignore[reportArgumentType]
    return await where.engine.wait(info.id)


def error(record: RunRecord) -> tuple[str, str]:
    found = record.error or {}
    return str(found.get("code")), str(found.get("message"))


async def test_a_request_is_sent_as_written_and_its_answer_is_typed(tmp_path: Path) -> None:
    async with server() as site, host(tmp_path) as where:
        app = app_of(
            text_of(
                "url: 'SITE/tags/${q}/now', query: {unit: 'mm/s', q: '${q}'}, headers: {X-Tag: 'tag ${size(q)}'}, "
                "auth: {bearer: TOKEN}, in: {q: '${inputs.q}'}, returns: 'map<integer>'"
            ),
            site,
        )
        record = await run(where, app, q="a/../b?x=1&y#z 水")
        assert (record.status, record.outputs) == ("ended", {"n": 5}), record.error
        line, headers = site.seen[0].line, site.seen[0].headers
        quoted = "a%2F..%2Fb%3Fx%3D1%26y%23z%20%E6%B0%B4"
        assert line == f"GET /tags/{quoted}/now?unit=mm%2Fs&q={quoted} HTTP/1.1"
        assert (headers["x-tag"], headers["authorization"]) == ("tag 16", "Bearer s3cret")
        events = await where.engine.history(record.info.id)
        assert "s3cret" not in json.dumps([event.data for event in events])
        again = await where.engine.replay(record.info.id)
        assert (again.outputs, len(site.seen)) == (record.outputs, 1)
        await run(where, app, q="..")
        assert site.seen[1].line.startswith("GET /tags/%2E%2E/now?")


async def test_a_body_is_sent_once_with_its_key(tmp_path: Path) -> None:
    async with server() as site, host(tmp_path) as where:
        node = "url: 'SITE/x', method: METHOD, in: {body: '${inputs.b}'}, auth: {basic: LOGIN}, returns: 'map<integer>'"
        record = await run(where, app_of(text_of(node.replace("METHOD", "PUT")), site), b={"k": ["水"]})
        assert record.outputs == {"n": 5}
        put = site.seen[0]
        assert (json.loads(put.body), put.headers["content-type"]) == ({"k": ["水"]}, "application/json")
        assert put.headers["authorization"] == "Basic " + base64.b64encode(b"me:pass").decode()
        (effect,) = await where.engine.effects(record.info.id)
        assert (put.headers["idempotency-key"], effect["state"]) == (effect["effect"], "done")
        await run(where, app_of(text_of(node.replace("METHOD", "POST")), site), b="plain")
        assert (site.seen[1].body, site.seen[1].headers["content-type"]) == ("plain", "text/plain; charset=utf-8")
        assert "idempotency-key" not in site.seen[1].headers


async def test_failures_say_what_the_server_said(tmp_path: Path) -> None:
    async with server() as site, host(tmp_path) as where:
        site.replies = {
            "/404": (404, {"Content-Type": "text/plain; charset=gb18030"}, "没有".encode("gb18030")),
            "/bad": (200, {"Content-Type": "application/json"}, b"<html>"),
            "/gone": (0, {}, b""),
            "/big": (200, {"Content-Type": "text/plain"}, b"x" * (5 * 1024 * 1024 + 1)),
        }
        text = text_of(
            "url: 'SITE/PATH'MORE", outputs="{s: integer, t: string}", end="s: '${get.status}', t: '${get.text}'"
        )
        plain = text.replace("MORE", "")
        record = await run(where, app_of(plain.replace("PATH", "404"), site))
        assert error(record) == ("BG809", "The server answered 404.")
        assert (record.error or {})["details"] == {"status": 404, "answer": "没有"}
        record = await run(where, app_of(text.replace("MORE", ", accept: [404]").replace("PATH", "404"), site))
        assert record.outputs == {"s": 404, "t": "没有"}
        for path, code in (("bad", "BG804"), ("gone", "BG800"), ("big", "BG804")):
            assert error(await run(where, app_of(plain.replace("PATH", path), site)))[0] == code
        site.replies["/slow"] = (0, {}, b"")
        record = await run(
            where, app_of(plain.replace("PATH", "404").replace("url:", "retry: {max: 2, backoff: 1ms}, url:"), site)
        )
        assert [one.line for one in site.seen].count("GET /404 HTTP/1.1") == 5


async def test_a_post_whose_answer_broke_off_is_in_doubt_and_not_sent_again(tmp_path: Path) -> None:
    async with server() as site, host(tmp_path) as where:
        site.replies["/x"] = (0, {}, b"")
        node = (
            "url: 'SITE/x', method: METHOD, in: {body: '${inputs.b}'}, retry: {max: 2, backoff: 1ms}, "
            "returns: 'map<integer>'"
        )
        record = await run(where, app_of(text_of(node.replace("METHOD", "POST")), site), b="1")
        assert (record.status, len(site.seen)) == ("doubt", 1)
        record = await run(where, app_of(text_of(node.replace("METHOD", "PUT")), site), b="1")
        assert (record.status, len(site.seen)) == ("failed", 4)
        assert len({one.headers["idempotency-key"] for one in site.seen[1:]}) == 1


async def test_what_is_no_text_becomes_a_file(tmp_path: Path) -> None:
    async with server() as site, host(tmp_path) as where:
        site.replies["/pump.png"] = (200, {"Content-Type": "image/png"}, b"\x89PNG")
        text = text_of("url: 'SITE/pump.png'", outputs="{f: 'optional<file>'}", end="f: '${get.?file.orValue(null)}'")
        record = await run(where, app_of(text, site))
        file = (record.outputs or {})["f"]
        assert isinstance(file, dict)
        assert (file["name"], file["media_type"], file["size"]) == ("pump.png", "image/png", 4)


async def test_redirects_stay_within_the_policy_and_lose_credentials(tmp_path: Path) -> None:
    async with server() as site, server() as other, host(tmp_path) as where:
        site.replies = {
            "/here": (302, {"Location": "/there"}, b""),
            "/away": (302, {"Location": f"http://localhost:{other.port}/x"}, b""),
            "/loop": (302, {"Location": "/loop"}, b""),
            "/meta": (302, {"Location": "http://169.254.169.254/latest/meta-data"}, b""),
        }
        node = "url: 'SITE/PATH', auth: {bearer: TOKEN}, returns: 'map<integer>'"
        assert (await run(where, app_of(text_of(node).replace("PATH", "here"), site))).status == "ended"
        assert site.seen[-1].headers["authorization"] == "Bearer s3cret"
        record = await run(where, app_of(text_of(node).replace("PATH", "away"), site))
        assert ("policy.egress" in error(record)[1], other.seen) == (True, [])
        text = text_of(node, egress=f"EGRESS, 'localhost:{other.port}'").replace("PATH", "away")
        assert (await run(where, app_of(text, site))).status == "ended"
        assert "authorization" not in other.seen[0].headers
        record = await run(where, app_of(text_of(node).replace("PATH", "loop"), site))
        assert "more than 5 times" in error(record)[1]
        text = text_of(node, egress="EGRESS, '169.254.169.254'").replace("PATH", "meta")
        record = await run(where, app_of(text, site))
        assert error(record)[0] == "BG903"


async def test_inner_addresses_and_the_offline_setting(tmp_path: Path) -> None:
    async with server() as site:
        app = app_of(text_of("url: 'SITE/x', returns: 'map<integer>'"), site)
        async with host(tmp_path / "a", inner="10.0.0.0/8") as where:
            assert error(await run(where, app))[0] == "BG903"
        async with host(tmp_path / "b", offline=True) as where:
            assert (await run(where, app)).status == "ended"
        assert len(site.seen) == 1


async def test_a_post_that_was_never_sent_is_a_failure_and_not_in_doubt(tmp_path: Path) -> None:
    async with server() as site:
        pass  # nobody listens at its port any more
    node = "url: 'SITE/x', method: POST, in: {body: '${inputs.b}'}, retry: {max: 1, backoff: 1ms}, returns: json"
    app = app_of(text_of(node, outputs="{n: json}", end="n: '${get.data}'"), site)
    for inner, code in (("127.0.0.1", "BG802"), ("10.0.0.0/8", "BG903")):
        async with host(tmp_path / code, inner=inner) as where:
            record = await run(where, app, b="1")
            assert (record.status, error(record)[0]) == ("failed", code)
            assert [row["state"] for row in await where.engine.effects(record.info.id)] == ["failed"]


@pytest.mark.parametrize(
    ("node", "egress", "code"),
    [
        ("url: 'https://a.example/x'", "a.example", None),
        ("url: 'https://a.example:8443/x'", "a.example", "BG418"),
        ("url: 'https://a.example:8443/x'", "'a.example:8443'", None),
        ("url: 'https://a.example/x'", "'a.example:443'", None),
        ("url: 'https://b.a.example/x'", "'*.a.example'", None),
        ("url: 'https://a.example/x'", "'*.a.example'", "BG418"),
        ("url: 'https://a.example.evil/x'", "a.example", "BG418"),
        ("url: 'https://a.example@evil/x'", "a.example", "BG105"),
        ("url: 'https://${q}/x', in: {q: '${inputs.q}'}", "a.example", "BG105"),
        ("url: 'https://a.example${q}/x', in: {q: '${inputs.q}'}", "a.example", "BG105"),
        ("url: 'ftp://a.example/x'", "a.example", "BG105"),
        ("url: 'https://a.example/${z}'", "a.example", "BG412"),
        ("url: 'https://a.example/x', auth: {bearer: OTHER}", "a.example", "BG419"),
        ("url: 'https://a.example/x', headers: {Host: inner.example}", "a.example", "BG105"),
        ("url: 'https://a.example/x', headers: {'X A': x}", "a.example", "BG105"),
        ("url: 'https://a.example/x', auth: {header: {Content-Length: TOKEN}}", "a.example", "BG105"),
    ],
)  # fmt: skip
def test_hosts_names_and_secrets_are_checked(node: str, egress: str, code: str | None) -> None:
    text = text_of(node, outputs="{s: integer}", end="s: '${get.status}'", egress=egress)
    found = compile_bundle(Bundle(files={"app.yaml": text.encode()}), RESOURCES)
    assert [one.code for one in found.diagnostics] == ([code] if code else []), [one.en for one in found.diagnostics]


async def test_a_header_cannot_be_broken(tmp_path: Path) -> None:
    async with server() as site, host(tmp_path) as where:
        text = text_of("url: 'SITE/x', headers: {X-A: '${q}'}, in: {q: '${inputs.q}'}, returns: 'map<integer>'")
        record = await run(where, app_of(text, site), q="a\r\nX-B: c")
        assert (record.status, site.seen) == ("failed", [])
