"""Waiting: for a time, a moment, an event; for those people only who may answer, and with reminders."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from runtime.base.errors import Json
from runtime.base.events import Event
from runtime.orchestration.errors import AskNotOpen, NotTheirs

from .bench import HEAD, Bench, bench, compiled

pytestmark = pytest.mark.anyio


def waiting(keys: str, out: str = "${string(pause.at)}", *, edges: str = "", more: str = "") -> str:
    return (
        HEAD + "inputs: {due: {type: timestamp, default: '2020-01-01T00:00:00Z'}, key: {type: string, default: a}}\n"
        "outputs: {said: string}\nnodes:\n"
        f'  pause: {{type: wait, {keys}}}\n  done: {{type: end, in: {{said: "{out}"}}}}\n{more}{edges}'
    )


async def until_over(on: Bench, run: str, status: str = "ended") -> dict[str, Json] | None:
    for _ in range(400):
        record = await on.engine.wait(run, timeout=5)
        if record.status == status:
            return record.outputs
        await asyncio.sleep(0.01)
    raise AssertionError("it took too long")


async def test_a_run_waits_for_a_time_and_nobody_can_answer_it(tmp_path: Path) -> None:
    async with bench(tmp_path) as on:
        info = await on.engine.accept(compiled(waiting("for: 300ms")), {})
        assert (await on.engine.wait(info.id)).status == "waiting"
        assert await on.engine.asks(info.id) == []
        [timer] = await on.engine.waits(info.id)
        assert timer["kind"] == "timer"
        with pytest.raises(AskNotOpen):
            await on.engine.answer(info.id, str(timer["id"]), action="timeout", form={}, by="ann")
        outputs = await until_over(on, info.id)
        assert outputs is not None
        assert (await on.engine.replay(info.id)).outputs == outputs


async def test_a_run_waits_until_a_moment_through_a_restart(tmp_path: Path) -> None:
    due = datetime.now(UTC) + timedelta(milliseconds=600)
    async with bench(tmp_path) as on:
        info = await on.engine.accept(compiled(waiting("until: inputs.due")), {"due": due.isoformat()})
        assert (await on.engine.wait(info.id)).status == "waiting"
    async with bench(tmp_path) as on:
        await on.engine.start()
        assert (await on.engine.runs.get(info.id, "main")).status == "waiting"
        await until_over(on, info.id)
        assert datetime.now(UTC) >= due
    async with bench(tmp_path) as on:
        past = await on.engine.accept(compiled(waiting("until: inputs.due")), {"due": "2020-01-01T00:00:00Z"})
        await until_over(on, past.id)


EVENT = waiting("event: paid, key: '${inputs.key}'", "${string(pause.data.amount)}")


async def test_an_event_reaches_those_who_wait_for_its_key(tmp_path: Path) -> None:
    async with bench(tmp_path) as on:
        one = await on.engine.accept(compiled(EVENT), {"key": "a"})
        two = await on.engine.accept(compiled(EVENT), {"key": "b"})
        for info in (one, two):
            assert (await on.engine.wait(info.id)).status == "waiting"
        assert await on.engine.deliver("paid", key="c", data={"amount": 1}) == []
        assert await on.engine.deliver("sold", key="a", data={"amount": 1}) == []
        assert await on.engine.deliver("paid", key="a", data={"amount": 7}, workspace="other") == []
        assert await on.engine.deliver("paid", key="a", data={"amount": 7}) == [one.id]
        assert await until_over(on, one.id) == {"said": "7"}
        assert (await on.engine.runs.get(two.id, "main")).status == "waiting"
        assert await on.engine.deliver("paid", key="a", data={"amount": 8}) == []


async def test_an_event_that_does_not_come_in_time_is_a_way_to_go_on(tmp_path: Path) -> None:
    text = waiting(
        "event: paid, for: 200ms",
        "${string(pause.data)}",
        more='  late: {type: end, in: {said: "late"}}\n',
        edges="edges: [[pause.event, done], [pause.timeout, late]]\n",
    )
    async with bench(tmp_path) as on:
        info = await on.engine.accept(compiled(text), {})
        assert await until_over(on, info.id) == {"said": "late"}
        other = await on.engine.accept(compiled(text), {})
        assert (await on.engine.wait(other.id)).status == "waiting"
        await on.engine.deliver("paid", data="now")
        assert await until_over(on, other.id) == {"said": "now"}


ASK = (
    HEAD
    + "outputs: {said: string}\nnodes:\n"
    "  sign: {type: human, actions: [ok], who: [ann, user], remind: 150ms}\n"
    "  done: {type: end, in: {said: \"${sign.by.orValue('')}\"}}\n".replace("sign.by.orValue", "sign.?by.orValue")
)


async def test_only_those_named_may_answer(tmp_path: Path) -> None:
    async with bench(tmp_path) as on:
        info = await on.engine.accept(compiled(ASK), {})
        await on.engine.wait(info.id)
        [ask] = await on.engine.asks(info.id)
        with pytest.raises(NotTheirs, match="ann"):
            await on.engine.answer(info.id, str(ask["id"]), action="ok", form={}, by="bob", roles=("key",))
        await on.engine.answer(info.id, str(ask["id"]), action="ok", form={}, by="bob", roles=("user",))
        assert await until_over(on, info.id) == {"said": "bob"}


async def test_a_question_reminds_once_a_time_however_often_its_run_parks(tmp_path: Path) -> None:
    text = ASK.replace("  done:", "  other: {type: human, actions: [ok]}\n  done:").replace("150ms", "400ms")
    async with bench(tmp_path) as on:
        info = await on.engine.accept(compiled(text), {})
        await on.engine.wait(info.id)
        asks = {str(one["path"]): str(one["id"]) for one in await on.engine.asks(info.id)}
        await on.engine.answer(info.id, asks["other"], action="ok", form={}, by="ann")
        await on.engine.wait(info.id)
        await asyncio.sleep(0.6)
        events = await on.engine.history(info.id)
        assert sum(event.type == "ask.reminded" for event in events) == 1


async def reminders(on: Bench, run: str) -> list[Event]:
    return [event for event in await on.engine.history(run) if event.type == "ask.reminded"]


async def test_an_open_question_reminds_again_and_again(tmp_path: Path) -> None:
    async with bench(tmp_path) as on:
        info = await on.engine.accept(compiled(ASK), {})
        await on.engine.wait(info.id)
        async with asyncio.timeout(10):
            while len(await reminders(on, info.id)) < 2:  # noqa: ASYNC110 time brings them
                await asyncio.sleep(0.02)
        [ask] = await on.engine.asks(info.id)
        await on.engine.answer(info.id, str(ask["id"]), action="ok", form={}, by="ann", roles=("key",))
        await until_over(on, info.id)
        reminded = await reminders(on, info.id)
        await asyncio.sleep(0.3)
        events = await on.engine.history(info.id)
        assert await reminders(on, info.id) == reminded
        assert {event.path for event in reminded} == {"sign"}
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        assert events[-1].type == "run.ended"
