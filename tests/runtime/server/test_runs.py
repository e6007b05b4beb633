from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import quote

import pytest

from .conftest import GREETER, PERSON, Site

pytestmark = pytest.mark.anyio


def events_of(text: str) -> list[dict[str, Any]]:
    data = [line.removeprefix("data: ") for line in text.splitlines() if line.startswith("data: ")]
    return [json.loads(one) for one in data]


async def test_a_run_is_waited_for_and_read_again(site: Site) -> None:
    await site.put(GREETER)
    answer = await site.run("greeter", {"name": "李"})
    assert answer.status_code == 200
    run = answer.json()
    assert (run["status"], run["outputs"]["text"], run["surface"]) == ("ended", "Greet 李.", "cli")
    assert answer.headers["location"] == f"/v1/runs/{run['run_id']}"
    again = (await site.owner.get(f"/v1/runs/{run['run_id']}")).json()
    assert again["outputs"] == run["outputs"]
    assert again["inputs"] == {"name": "李"}
    listed = (await site.owner.get("/v1/runs", params={"app": "greeter", "status": "ended"})).json()
    assert [one["run_id"] for one in listed["runs"]] == [run["run_id"]]


async def test_a_run_without_patience_is_accepted_and_goes_on(site: Site) -> None:
    await site.put(GREETER.replace("caps: [chat]", "prefer: [scripted/slow]"))
    answer = await site.owner.post("/v1/apps/greeter/runs", json={"inputs": {"name": "x"}})
    assert answer.status_code == 202
    impatient = await site.owner.get(answer.headers["location"], headers={"Prefer": "respond-async"})
    assert (impatient.status_code, impatient.json()["outputs"]) == (202, None)
    done = await site.owner.get(answer.headers["location"], headers={"Prefer": "wait=30"})
    assert (done.status_code, done.json()["status"]) == (200, "ended")


async def test_an_uploaded_file_is_an_input(site: Site) -> None:
    await site.put(GREETER)
    stored = await site.owner.post(
        "/v1/artifacts", params={"name": "../a note.txt"}, content=b"hello", headers={"Content-Type": "text/plain"}
    )
    assert stored.status_code == 201
    run = (await site.run("greeter", {"name": "x", "note": {"artifact": stored.json()["id"]}})).json()
    assert run["outputs"]["size"] == 5
    back = await site.owner.get(f"/v1/artifacts/{stored.json()['id']}")
    assert back.content == b"hello"
    assert "sandbox" in back.headers["content-security-policy"]
    assert back.headers["content-disposition"] == "inline; filename*=UTF-8''a%20note.txt"
    missing = await site.run("greeter", {"name": "x", "note": {"artifact": "0" * 64}})
    assert missing.status_code == 404


async def test_an_idempotency_key_makes_one_run(site: Site) -> None:
    await site.put(GREETER)
    answers = await asyncio.gather(
        *(site.run("greeter", {"name": "x"}, **{"Idempotency-Key": "order-1"}) for _ in range(5))
    )
    assert len({answer.json()["run_id"] for answer in answers}) == 1
    other = await site.run("greeter", {"name": "y"}, **{"Idempotency-Key": "order-1"})
    assert (other.status_code, other.json()["code"]) == (422, "BG959")
    client = await site.keyed("*")
    theirs = await client.post(
        "/v1/apps/greeter/runs", json={"inputs": {"name": "y"}}, headers={"Idempotency-Key": "order-1"}
    )
    assert theirs.status_code in (200, 202)
    assert len((await site.owner.get("/v1/runs")).json()["runs"]) == 2


async def test_events_are_streamed_and_taken_up_after_a_number(site: Site) -> None:
    await site.put(GREETER)
    run = (await site.run("greeter", {"name": "x"})).json()["run_id"]
    whole = events_of((await site.owner.get(f"/v1/runs/{run}/events")).text)
    assert [event["seq"] for event in whole] == list(range(1, len(whole) + 1))
    assert (whole[0]["type"], whole[-1]["type"]) == ("run.accepted", "run.ended")
    later = events_of((await site.owner.get(f"/v1/runs/{run}/events", headers={"Last-Event-ID": "3"})).text)
    assert later == whole[3:]
    listed = await site.owner.get(f"/v1/runs/{run}/events", headers={"Accept": "application/json"})
    assert [event["seq"] for event in listed.json()["events"]] == [event["seq"] for event in whole]
    wrong = await site.owner.get(f"/v1/runs/{run}/events", headers={"Last-Event-ID": "x"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "BG955")


async def test_a_person_answers_and_a_watcher_sees_it(site: Site) -> None:
    await site.put(PERSON)
    run = (await site.run("person")).json()
    assert run["status"] == "waiting"
    path = f"/v1/runs/{run['run_id']}"
    (ask,) = (await site.owner.get(f"{path}/asks")).json()["asks"]
    watching = asyncio.create_task(site.owner.get(f"{path}/events"))
    await asyncio.sleep(0.1)
    place = f"{path}/asks/{quote(ask['id'], safe='')}"
    refused = await site.owner.post(place, json={"action": "no"})
    assert (refused.status_code, refused.json()["code"]) == (409, "BG741")
    done = await site.owner.post(place, json={"action": "ok", "form": {"note": "好"}}, headers={"Prefer": "wait=30"})
    assert done.json()["outputs"] == {"note": "好"}
    seen = events_of((await asyncio.wait_for(watching, 10)).text)
    assert seen[-1]["type"] == "run.ended"
    assert "ask.answered" in [event["type"] for event in seen]


async def test_a_waiting_run_is_cancelled_once(site: Site) -> None:
    await site.put(PERSON)
    run = (await site.run("person")).json()["run_id"]
    assert (await site.owner.post(f"/v1/runs/{run}/cancel")).json()["status"] == "cancelled"
    assert (await site.owner.post(f"/v1/runs/{run}/cancel")).status_code == 409


async def test_a_replay_is_identical(site: Site) -> None:
    await site.put(GREETER)
    run = (await site.run("greeter", {"name": "x"})).json()["run_id"]
    again = (await site.owner.post(f"/v1/runs/{run}/replay")).json()
    assert (again["identical"], again["replay_of"], again["usage"]["tokens"]) == (True, run, 0)


async def test_a_bundle_runs_by_its_digest(site: Site) -> None:
    stored = await site.owner.post("/v1/bundles", content=GREETER.encode())
    assert stored.status_code == 201
    assert [one["name"] for one in stored.json()["inputs"]] == ["name", "note"]
    place = f"/v1/bundles/{stored.json()['digest']}/runs"
    done = await site.owner.post(place, json={"inputs": {"name": "x"}}, headers={"Prefer": "wait=30"})
    assert done.json()["status"] == "ended"
    broken = await site.owner.post("/v1/bundles", content=GREETER.replace("say.text", "say.txt").encode())
    assert (broken.status_code, broken.json()["code"]) == (422, "BG742")
    assert broken.json()["details"]["diagnostics"][0]["path"]


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"{", 422, "BG955"),
        (b'{"inputs": {"name": NaN}}', 422, "BG955"),
        (b'{"inputs": {"name": 1e999}}', 422, "BG955"),
        (b'{"inputs": {"name": "\\ud800"}}', 422, "BG955"),
        (b'{"inputs": {}, "inptus": {}}', 422, "BG955"),
        (b'{"inputs": {"nam": "x"}}', 422, "BG733"),
        (b'{"inputs": {"name": 1}}', 422, "BG733"),
        (b'{"inputs": {"name": "x"}, "session": ""}', 422, "BG955"),
        (b"[" * 100_000, 422, "BG955"),
    ],
)
async def test_a_malformed_start_starts_nothing(site: Site, content: bytes, status: int, code: str) -> None:
    await site.put(GREETER)
    answer = await site.owner.post(
        "/v1/apps/greeter/runs", content=content, headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert (await site.owner.get("/v1/runs")).json()["runs"] == []


async def test_a_run_is_forked_and_compared(site: Site) -> None:
    await site.put(GREETER)
    run = (await site.run("greeter", {"name": "Li"})).json()
    body = {"pins": {"say": {"text": "other"}}}
    place = f"/v1/runs/{run['run_id']}"
    fork = (await site.owner.post(f"{place}/fork", json=body, headers={"Prefer": "wait=30"})).json()
    assert (fork["status"], fork["outputs"]["text"], fork["fork_of"]) == ("ended", "other", run["run_id"])
    found = (await site.owner.get(f"{place}/diff/{fork['run_id']}")).json()
    assert [one["path"] for one in found["nodes"] if not one["same"]] == ["say", "done"]
    wrong = await site.owner.post(f"{place}/fork", json={"pins": {"say": {"text": 5}}})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "BG745")


async def test_only_who_makes_apps_may_pin(site: Site) -> None:
    await site.put(PERSON)
    runner = await site.keyed("runs:read", "runs:write", "apps:read")
    run = (await runner.post("/v1/apps/person/runs", json={}, headers={"Prefer": "wait=30"})).json()
    pins = {"ask": {"action": "ok", "note": "nobody said so"}}
    for place, body in ((f"/v1/runs/{run['run_id']}/fork", {"pins": pins}), ("/v1/apps/person/runs", {"pins": pins})):
        answer = await runner.post(place, json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "BG952")
    maker = await site.keyed("runs:read", "runs:write", "apps:write")
    done = await maker.post("/v1/apps/person/runs", json={"pins": pins}, headers={"Prefer": "wait=30"})
    assert done.json()["outputs"] == {"note": "nobody said so"}


async def test_the_effects_of_a_run_are_listed(site: Site) -> None:
    await site.put(GREETER)
    run = (await site.run("greeter", {"name": "Li"})).json()
    assert (await site.owner.get(f"/v1/runs/{run['run_id']}/effects")).json() == {"effects": []}
    answer = await site.owner.post(f"/v1/runs/{run['run_id']}/effects/gone", json={"done": True})
    assert (answer.status_code, answer.json()["code"]) == (409, "BG746")


async def test_what_was_spent_is_told_by_day_app_and_user(site: Site) -> None:
    await site.put(GREETER)
    await site.run("greeter", {"name": "x"})
    run = (await site.run("greeter", {"name": "x"})).json()
    tokens = 2 * run["usage"]["tokens"]
    for by in ("day", "app", "user"):
        found = (await site.owner.get("/v1/usage", params={"by": by, "days": 1})).json()
        assert [(row["tokens"], row["tool_calls"]) for row in found["usage"]] == [(tokens, 0)]
        assert found["usage"][0][by] == {"day": found["since"], "app": "greeter"}.get(by, found["usage"][0][by])
    wrong = await site.owner.get("/v1/usage", params={"by": "colour"})
    assert wrong.status_code == 422


async def test_the_owner_is_asked_for_more_of_a_budget(site: Site) -> None:
    await site.put(GREETER + "budget: {tokens: 1, on_exceed: ask}\n")
    answer = await site.run("greeter", {"name": "x"})
    run = answer.json()
    assert run["status"] == "waiting"
    (ask,) = (await site.owner.get(f"/v1/runs/{run['run_id']}/asks")).json()["asks"]
    assert ask["kind"] == "budget"
    assert "has 1 tokens" in ask["request"]["shown"]["budget"]
    path = f"/v1/runs/{run['run_id']}/asks/{quote(ask['id'], safe='')}"
    wrong = await site.owner.post(path, json={"action": "allow", "form": {"more": -5}})
    assert wrong.status_code == 409
    await site.owner.post(path, json={"action": "allow", "form": {"more": 100000}})
    done = await site.owner.get(f"/v1/runs/{run['run_id']}", headers={"Prefer": "wait=30"})
    assert done.json()["status"] == "ended"
