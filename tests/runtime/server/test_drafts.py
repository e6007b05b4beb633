from __future__ import annotations

import asyncio
from typing import Any

import pytest
from httpx import Response

from .conftest import GREETER, Site

pytestmark = pytest.mark.anyio


async def edit(
    site: Site, *ops: dict[str, Any], app: str = "greeter", client: str = "a", seq: int = 1, base: int = 1
) -> Response:
    body = {"client": client, "seq": seq, "base": base, "ops": list(ops)}
    return await site.owner.post(f"/v1/apps/{app}/ops", json=body)


async def draft(site: Site, app: str = "greeter") -> dict[str, Any]:
    return (await site.owner.get(f"/v1/apps/{app}/draft")).json()


def name(value: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 JSON
    return {"op": "set", "path": "/app/name", "value": value, **more}


async def test_an_edit_is_applied_once_and_undone(site: Site) -> None:
    await site.put(GREETER)
    first = await edit(site, name("Hallo"))
    assert first.status_code == 200
    assert first.json()["revision"] == 2
    again = await edit(site, name("Hallo"))
    assert (again.json()["revision"], again.json()["inverse"]) == (2, [])
    assert (await draft(site))["document"]["app"]["name"] == "Hallo"
    undone = await edit(site, *first.json()["inverse"], seq=2, base=2)
    assert undone.json()["revision"] == 3
    assert (await draft(site))["document"]["app"]["name"] == {"en": "Greeter", "zh": "问候"}
    other = await edit(site, name("Other"))
    assert (other.status_code, other.json()["code"]) == (409, "BG707")


async def test_two_clients_see_what_they_missed_and_a_conflict_changes_nothing(site: Site) -> None:
    await site.put(GREETER)
    await edit(site, name("A"), client="a")
    theirs = await edit(site, {"op": "set", "path": "/app/version", "value": "0.2.0"}, client="b")
    assert [one["client"] for one in theirs.json()["missed"]] == ["a"]
    refused = await edit(
        site, {"op": "set", "path": "/app/version", "value": "0.3.0"}, name("B", old="Greeter"), client="b", seq=2
    )
    assert (refused.status_code, refused.json()["details"]["found"]) == (409, "A")
    app = (await draft(site))["document"]["app"]
    assert (app["name"], app["version"]) == ("A", "0.2.0")


async def test_edits_at_once_are_all_kept(site: Site) -> None:
    await site.put(GREETER)
    ops = [{"op": "move", "path": f"/nodes/n{number}", "value": {"x": number, "y": 0}} for number in range(20)]
    answers = await asyncio.gather(*(edit(site, op, client=f"c{at}") for at, op in enumerate(ops)))
    assert {answer.status_code for answer in answers} == {200}
    found = await draft(site)
    assert found["revision"] == 21
    assert len(found["layout"]["nodes"]) == 20


async def test_an_app_that_is_put_again_has_the_layout_that_came_with_it(site: Site) -> None:
    await site.put(GREETER)
    await edit(site, {"op": "move", "path": "/nodes/say", "value": {"x": 1, "y": 2}})
    assert (await draft(site))["layout"]["nodes"]
    await site.put(GREETER)
    assert (await draft(site))["layout"] == {}


async def test_a_draft_with_errors_is_kept_and_says_so_and_runs_when_mended(site: Site) -> None:
    await site.put(GREETER)
    broken = await edit(site, {"op": "set", "path": "/nodes/done/in/text", "value": "${say.txt}"})
    found = await draft(site)
    assert not found["ok"]
    assert found["diagnostics"]
    assert found["sketch"]["inputs"]["name"] == {"type": "string", "shape": "string"}
    assert found["sketch"]["nodes"]["say"]["outputs"]["text"]["type"] == "string"
    assert (await site.run("greeter", {"name": "x"})).json()["code"] == "BG742"
    await edit(site, *broken.json()["inverse"], seq=2, base=2)
    assert (await site.run("greeter", {"name": "x"})).json()["status"] == "ended"


async def test_a_shipped_app_becomes_ones_own_by_the_first_edit(site: Site) -> None:
    shipped = await draft(site, "equipment-doctor")
    assert (shipped["revision"], shipped["ok"]) == (0, True)
    assert shipped["files"]["prompts/system.md"]
    assert shipped["files"]["kb/manuals/pump.en.md"] is None  # a document is no text to edit here
    nodes = shipped["sketch"]["nodes"]
    assert nodes["judge"]["handles"] == ["abnormal", "else"]
    assert (await site.owner.get("/v1/knowledge")).json()["bases"] == []  # reading makes no base
    title = {"type": "optional<string>", "shape": {"optional": "string"}, "required": False}
    assert nodes["plot"]["inputs"]["title"] == title
    alarms = {"at": "/in/anomalies", "from": "detect", "path": ["result", "anomalies"], "optional": False}
    assert alarms in nodes["plot"]["wires"]
    made = await edit(site, name("Doctor"), app="equipment-doctor", base=0)
    assert made.json()["revision"] == 2
    listed = {app["id"]: app["origin"] for app in (await site.owner.get("/v1/apps")).json()["apps"]}
    assert listed["equipment-doctor"] == "own"
    assert (await site.owner.delete("/v1/apps/equipment-doctor")).status_code == 204
    assert (await draft(site, "equipment-doctor"))["revision"] == 0


async def test_bundles_of_edits_that_never_ran_are_not_kept(site: Site) -> None:
    await site.put(GREETER)
    ran = (await site.run("greeter", {"name": "x"})).json()
    for seq in range(1, 6):
        await edit(site, name(f"N{seq}"), seq=seq, base=seq)
    query = "SELECT count(*) FROM bundles"
    count = await site.bench.database.reader.run(lambda connection: connection.execute(query).fetchone())
    assert count == (2,)
    assert (await site.owner.post(f"/v1/runs/{ran['run_id']}/replay")).json()["identical"]


async def test_the_palette_has_every_node_type_with_a_schema(site: Site) -> None:
    nodes = {one["type"]: one for one in (await site.owner.get("/v1/nodes")).json()["nodes"]}
    assert {"llm", "tool", "branch", "human", "end", "retrieve"} <= nodes.keys()
    assert all(one["title"]["zh"] and one["title"]["en"] for one in nodes.values())
    assert nodes["llm"]["schema"]["properties"]["model"]
    assert nodes["llm"]["runnable"]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"ops": []}, 422),
        ({"ops": [{"op": "copy"}]}, 422),
        ({"ops": [name("x")], "base": 9}, 422),
        ({"ops": [name("x")], "client": "bad client"}, 422),
        ({"ops": [{"op": "set", "path": "/app/id", "value": "other"}]}, 422),
    ],
)
async def test_a_malformed_edit_changes_nothing(site: Site, fields: dict[str, Any], status: int) -> None:
    await site.put(GREETER)
    body = {"client": "a", "seq": 1, "base": 1, **fields}
    answer = await site.owner.post("/v1/apps/greeter/ops", json=body)
    assert answer.status_code == status, answer.text
    assert (await draft(site))["revision"] == 1
