"""Apps that run apps, through the server: drafts, locks, versions."""

from __future__ import annotations

import json

import pytest

from agents.compiler import compile_bundle
from agents.spec import Bundle

from .conftest import GREETER, Site

pytestmark = pytest.mark.anyio

OUTER = """\
dsl: 1
app: {id: outer, name: Outer, version: 0.1.0}
outputs: {text: string}
requires:
  apps: {greet: {app: greeterPIN}}
nodes:
  hello: {type: subflow, app: greet, in: {name: Li}}
  done: {type: end, in: {text: "${hello.text}"}}
"""


async def test_an_app_is_pinned_run_and_told_of_a_newer_version(site: Site) -> None:
    await site.put(GREETER)
    await site.put(OUTER.replace("PIN", ""))
    checked = (await site.owner.get("/v1/apps/outer")).json()["diagnostics"]
    assert [one["code"] for one in checked] == ["BG414"]
    (op,) = checked[0]["fix"]["ops"]
    digest = op["value"]
    assert op["path"] == "/requires/apps/greet/digest"
    assert (await site.run("outer")).status_code == 422
    await site.put(OUTER.replace("PIN", f", digest: {digest}"))
    run = (await site.run("outer")).json()
    assert run["outputs"] == {"text": "Greet Li."}

    await site.put(GREETER.replace("Greet ${name}.", "Hail ${name}!"))
    site.bench.apps.forget()
    run = (await site.run("outer")).json()
    assert run["outputs"] == {"text": "Greet Li."}
    checked = (await site.owner.get("/v1/apps/outer")).json()["diagnostics"]
    assert [(one["code"], one["severity"]) for one in checked] == [("BG417", "warning")]
    newer = checked[0]["fix"]["ops"][0]["value"]
    await site.put(OUTER.replace("PIN", f", digest: {newer}"))
    assert (await site.run("outer")).json()["outputs"] == {"text": "Hail Li!"}


async def test_a_lock_knows_the_app_so_that_a_check_needs_no_host(site: Site) -> None:
    await site.put(GREETER)
    text = OUTER.replace("PIN", "")
    answer = await site.owner.post("/v1/bundles/lock", content=text.encode())
    lock = answer.json()["lock"]
    digest = json.loads(lock)["apps"]["greet"]["digest"]
    files = {"app.yaml": text.encode(), "bundle.lock": lock.encode()}
    found = compile_bundle(Bundle(files=files))
    assert [(one.code, one.fix is not None) for one in found.diagnostics] == [("BG414", True)]
    pinned = text.replace("greeter", f"greeter, digest: {digest}")
    found = compile_bundle(Bundle(files={**files, "app.yaml": pinned.encode()}))
    assert found.diagnostics == ()
    wrong = pinned.replace("name: Li", "name: ['Li']")
    found = compile_bundle(Bundle(files={**files, "app.yaml": wrong.encode()}))
    assert [one.code for one in found.diagnostics] == ["BG303"]
    other = text.replace("greeter", f"greeter, digest: '{'0' * 64}'")
    found = compile_bundle(Bundle(files={**files, "app.yaml": other.encode()}))
    assert [one.code for one in found.diagnostics] == ["BG410"]


async def test_apps_that_would_run_each_other_for_ever_are_refused(site: Site) -> None:
    one = OUTER.replace("PIN", "")
    other = one.replace("id: outer", "id: other").replace("app: greeter", "app: outer")
    await site.put(one.replace("app: greeter", "app: other"))
    await site.put(other)
    for name in ("outer", "other"):
        codes = [found["code"] for found in (await site.owner.get(f"/v1/apps/{name}")).json()["diagnostics"]]
        assert "BG414" in codes
        assert (await site.run(name)).status_code == 422


async def test_an_app_that_is_not_here_or_does_not_compile_is_told(site: Site) -> None:
    await site.put(OUTER.replace("PIN", f", digest: '{'0' * 64}'"))
    found = (await site.owner.get("/v1/apps/outer")).json()["diagnostics"]
    assert [one["code"] for one in found] == ["BG415"]
    await site.put(GREETER.replace("type: llm", "type: lllm"))
    digest = (await site.bench.apps.find("greeter")).bundle.digest
    await site.put(OUTER.replace("PIN", f", digest: {digest}"))
    found = (await site.owner.get("/v1/apps/outer")).json()["diagnostics"]
    assert [one["code"] for one in found] == ["BG416"]
