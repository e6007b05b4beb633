"""Deployments by HTTP: listed, declared, tested, chosen otherwise; and what was decided."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import yaml

from runtime.base.settings import Settings

from .conftest import GREETER, Site

pytestmark = pytest.mark.anyio


async def listed(site: Site) -> dict[str, Any]:
    answer = (await site.owner.get("/v1/models")).json()
    return {one["id"]: one for one in answer["models"]} | {"routing": answer["routing"]}


async def test_deployments_are_listed_with_how_they_fare(site: Site) -> None:
    await site.put(GREETER)
    assert (await site.run("greeter", {"name": "Ada"})).json()["status"] == "ended"
    found = await listed(site)
    assert [*found] == ["scripted/echo", "scripted/slow", "local/smollm2", "embedder/minilm", "routing"]
    echo = found["scripted/echo"]
    assert (echo["health"]["state"], echo["health"]["answers"], echo["local"]) == ("closed", 1, True)
    assert echo["today"]["calls"] == 1 and echo["today"]["tokens"] > 0
    assert found["local/smollm2"]["built_in"] and not echo["built_in"]
    assert found["routing"]["policy"] == "fixed"


async def test_an_entry_is_declared_and_forgotten_and_comments_stay(site: Site, settings: Settings) -> None:
    file = settings.home / "models.yaml"
    file.write_text(f"# ours\n{file.read_text()}")
    body = {"caps": ["chat"], "options": {"echo": True}, "price": {"input": 1.5}}
    made = await site.owner.put("/v1/models/deployments/scripted/new", json=body)
    assert (made.status_code, made.json()["price"]["input"]) == (200, 1.5)
    text = file.read_text()
    assert text.startswith("# ours") and yaml.safe_load(text)["models"]["scripted/new"] == body
    assert "scripted/new" in await listed(site)
    assert (await site.owner.delete("/v1/models/deployments/scripted/new")).json()["removed"]
    assert "scripted/new" not in await listed(site)
    again = await site.owner.delete("/v1/models/deployments/scripted/new")
    assert (again.status_code, again.json()["code"]) == (404, "BG861")
    built_in = await site.owner.delete("/v1/models/deployments/local/smollm2")
    assert "comes with the product" in built_in.json()["detail"]


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("scripted/bad", {"colour": 1}, "colour"),
        ("scripted/bad", {"options": {"script": 3}}, "script"),
        ("nowhere/bad", {}, "kinds are"),
        ("remote/bad", {"options": {"url": "https://u:p@host/v1", "model": "m"}}, "credentials"),
    ],
)
async def test_a_wrong_entry_changes_nothing(
    site: Site, settings: Settings, path: str, body: dict[str, Any], said: str
) -> None:
    before = (settings.home / "models.yaml").read_text()
    answer = await site.owner.put(f"/v1/models/deployments/{path}", json=body)
    assert answer.json()["code"] == "BG821" and said in answer.text
    assert (settings.home / "models.yaml").read_text() == before


async def test_routing_is_changed_at_once_and_tried_before(site: Site, settings: Settings) -> None:
    for name, price in (("cheap", 0.1), ("dear", 9.0)):
        await site.owner.put(
            f"/v1/models/deployments/scripted/{name}",
            json={"options": {"echo": True}, "price": {"input": price, "output": price}},
        )
    need = GREETER.replace("{caps: [chat]}", "{caps: [chat], prefer: [scripted/dear]}")
    await site.put(need)
    for _ in range(3):
        await site.run("greeter", {"name": "Ada"})
    answer = (await site.owner.post("/v1/models/what-if", json={"routing": {"policy": "cheapest"}})).json()
    rows = {row["deployment"]: (row["now"]["calls"], row["then"]["calls"]) for row in answer["rows"]}
    assert answer["requests"] == 3 and answer["unserved"] == 0
    assert rows == {"scripted/dear": (3, 0), "scripted/echo": (0, 3)}
    assert answer["now"]["usd"] > answer["then"]["usd"] == 0
    assert (await site.owner.put("/v1/models/routing", json={"policy": "cheapest"})).json()["policy"] == "cheapest"
    await site.run("greeter", {"name": "Ada"})
    latest = (await site.owner.get("/v1/models/decisions", params={"limit": 1})).json()["decisions"][0]
    assert (latest["deployment"], latest["policy"], latest["reason"]) == ("scripted/echo", "cheapest", "cheapest")
    assert (latest["app"], latest["path"], latest["model"]) == ("greeter", "say", "main")
    wrong = await site.owner.put("/v1/models/routing", json={"policy": "dearest"})
    assert (wrong.status_code, wrong.json()["where"]) == (422, "policy")
    assert yaml.safe_load((settings.home / "models.yaml").read_text())["routing"] == {"policy": "cheapest"}


async def test_the_journal_has_the_decision(site: Site) -> None:
    await site.put(GREETER)
    run = (await site.run("greeter", {"name": "Ada"})).json()["run_id"]
    events = (await site.owner.get(f"/v1/runs/{run}/events")).text
    assert '"decision"' in events and '"reason": "declared"' in events


async def test_an_answer_is_scored(site: Site) -> None:
    await site.put(GREETER)
    await site.run("greeter", {"name": "Ada"})
    one = (await site.owner.get("/v1/models/decisions")).json()["decisions"][0]
    assert (await site.owner.put(f"/v1/models/decisions/{one['id']}/score", json={"score": 0.25})).status_code == 200
    again = (await site.owner.get("/v1/models/decisions")).json()["decisions"][0]
    assert again["score"] == 0.25
    lost = await site.owner.put("/v1/models/decisions/dec_none/score", json={"score": 1})
    assert (lost.status_code, lost.json()["code"]) == (404, "BG850")


@pytest.fixture
async def busy(site: Site) -> AsyncIterator[Site]:
    """A site with a deployment that can do some things and not others."""
    script = [
        {"match": "dog", "data": {"legs": 4}, "repeat": True},
        {
            "match": "seasons",
            "text": "Spring, summer, autumn, winter. " * 4,
            "pieces": 8,
            "delay": 0.05,
            "repeat": True,
        },
        {"match": "kitchen", "text": "I will not.", "repeat": True},
        {"match": "yes", "text": "yes", "repeat": True},
    ]
    await site.owner.put(
        "/v1/models/deployments/scripted/able", json={"caps": ["chat", "tools"], "options": {"script": script}}
    )
    yield site


async def test_a_probe_finds_what_a_model_can_do(busy: Site) -> None:
    answer = await busy.owner.post("/v1/models/deployments/scripted/able/test")
    assert answer.status_code == 200, answer.text
    report = answer.json()
    assert report["found"] == ["chat", "json"]
    assert (report["missing"], report["more"]) == (["tools"], ["json"])
    assert "tool call" in report["failed"]["tools"]
    assert report["said"]["json"] == {"legs": 4}
    assert report["first_s"] >= 0 and report["tokens_per_s"] > 0
    missing = await busy.owner.post("/v1/models/deployments/scripted/none/test")
    assert (missing.status_code, missing.json()["code"]) == (404, "BG861")
