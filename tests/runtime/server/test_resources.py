from __future__ import annotations

import io
import zipfile

import pytest

from .conftest import GREETER, Site

pytestmark = pytest.mark.anyio


async def test_the_server_lives_is_ready_and_counts(site: Site) -> None:
    async with site.client() as anybody:
        assert (await anybody.get("/healthz")).json() == {"status": "ok"}
        assert (await anybody.get("/readyz")).json()["status"] == "ready"
        assert (await anybody.get("/metrics")).status_code == 401
    await site.put(GREETER)
    await site.run("greeter", {"name": "x"})
    text = (await site.owner.get("/metrics")).text
    assert 'baigong_requests_total{method="POST",route="/v1/apps/{app}/runs",status="200"} 1' in text
    assert 'baigong_runs{status="ended"} 1' in text


async def test_paths_and_methods_that_are_not_served_are_problems(site: Site) -> None:
    nothing = await site.owner.get("/v1/nothing")
    assert (nothing.status_code, nothing.json()["code"]) == (404, "BG953")
    wrong = await site.owner.put("/v1/runs")
    assert (wrong.status_code, wrong.json()["code"], wrong.headers["allow"]) == (405, "BG954", "GET")
    assert nothing.headers["x-content-type-options"] == "nosniff"


async def test_apps_are_kept_listed_exported_and_forgotten(site: Site) -> None:
    shipped = {app["id"]: app for app in (await site.owner.get("/v1/apps")).json()["apps"]}
    assert shipped["equipment-doctor"]["origin"] == "catalog"
    assert shipped["equipment-doctor"]["inputs"][0]["label"]["zh"].startswith("历史数据")
    await site.put(GREETER)
    shown = (await site.owner.get("/v1/apps/greeter")).json()
    assert (shown["ok"], shown["origin"], shown["name"]) == (True, "own", {"en": "Greeter", "zh": "问候"})
    archive = zipfile.ZipFile(io.BytesIO((await site.owner.get("/v1/apps/greeter/bundle")).content))
    assert archive.read("app.yaml").decode() == GREETER
    again = await site.owner.put("/v1/apps/greeter", content=(await site.owner.get("/v1/apps/greeter/bundle")).content)
    assert again.json()["digest"] == shown["digest"]
    misnamed = await site.owner.put("/v1/apps/other", content=GREETER.encode())
    assert (misnamed.status_code, misnamed.json()["code"]) == (422, "BG955")
    assert (await site.owner.put("/v1/apps/greeter", content=b"dsl: [")).status_code == 422
    assert (await site.owner.put("/v1/apps/greeter", content=b"PK\x03\x04garbage")).status_code == 422
    assert (await site.owner.delete("/v1/apps/greeter")).status_code == 204
    gone = await site.owner.get("/v1/apps/greeter")
    assert (gone.status_code, gone.json()["code"]) == (404, "BG942")


async def test_an_app_with_errors_is_kept_and_says_what_is_wrong(site: Site) -> None:
    await site.put(GREETER.replace("say.text", "say.txt"))
    shown = (await site.owner.get("/v1/apps/greeter")).json()
    assert not shown["ok"]
    assert any(one["severity"] == "error" and one["path"] for one in shown["diagnostics"])
    refused = await site.run("greeter", {"name": "x"})
    assert (refused.status_code, refused.json()["code"]) == (422, "BG742")


async def test_a_secret_is_set_and_never_read_back(site: Site) -> None:
    put = await site.owner.put("/v1/secrets/MAIL_TOKEN", json={"value": "geheim"})
    assert put.status_code == 200
    listed = (await site.owner.get("/v1/secrets")).text
    assert "MAIL_TOKEN" in listed
    assert "geheim" not in put.text + listed
    assert (await site.owner.put("/v1/secrets/bad name", json={"value": "x"})).status_code == 422
    assert (await site.owner.delete("/v1/secrets/MAIL_TOKEN")).status_code == 204
    assert (await site.owner.delete("/v1/secrets/MAIL_TOKEN")).status_code == 404


async def test_a_knowledge_base_takes_documents_and_finds_passages(site: Site) -> None:
    made = await site.owner.post("/v1/knowledge", json={"name": "manuals", "embedder": "hashing"})
    assert made.status_code == 201
    assert (await site.owner.post("/v1/knowledge", json={"name": "manuals"})).status_code == 409
    for name, text, more in (("a.md", "# Pump\nChange the oil.", "true"), ("b.txt", "轴承每年更换一次。", "false")):
        place = "/v1/knowledge/manuals/documents"
        report = await site.owner.post(place, params={"document": name, "more": more}, content=text.encode())
        assert report.json()["added"] == [name]
    failed = await site.owner.post("/v1/knowledge/manuals/documents", params={"document": "c.exe"}, content=b"MZ")
    assert failed.json()["failed"][0]["document"] == "c.exe"
    found = await site.owner.post("/v1/knowledge/manuals/search", json={"query": "轴承 更换", "k": 1})
    assert found.json()["hits"][0]["document"] == "b.txt"
    cases = '{"query": "change the oil", "relevant": ["a.md"]}\n'
    measured = await site.owner.post("/v1/knowledge/manuals/evaluate", content=cases.encode())
    assert measured.json()["cases"] == 1
    assert (await site.owner.get("/v1/knowledge")).json()["bases"][0]["documents"] == 2
    assert (await site.owner.delete("/v1/knowledge/manuals")).status_code == 204
    assert (await site.owner.post("/v1/knowledge/manuals/search", json={"query": "x"})).status_code == 404


async def test_tools_and_models_are_listed(site: Site) -> None:
    servers = [one["name"] for one in (await site.owner.get("/v1/tools")).json()["servers"]]
    assert "plant-data" in servers
    tools = (await site.owner.get("/v1/tools/timeseries")).json()["tools"]
    assert {"detect_anomalies", "plot"} <= {tool["name"] for tool in tools}
    assert tools[0]["policy"]["effect_class"] == "pure"
    assert (await site.owner.get("/v1/tools/gone")).status_code == 404
    models = [one["id"] for one in (await site.owner.get("/v1/models")).json()["models"]]
    assert "scripted/echo" in models
