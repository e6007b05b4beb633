"""Commands on runs: `run`, `replay`, `runs`, `resume`, `cancel`, `answer`. They own the home folder while they work."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from ..base.errors import Json
from ..base.settings import load_settings
from .options import AsJson
from .output import emit, paint, say
from .results import lines

if TYPE_CHECKING:
    from ..orchestration.runs import RunRecord
    from ..orchestration.workbench import Workbench

__all__ = ["answer", "cancel", "replay", "resume", "run", "runs"]

RunId: TypeAlias = Annotated[str, typer.Argument(metavar="RUN", help="The run's id.")]
ModelsFile: TypeAlias = Annotated[
    Path | None, typer.Option("--models", metavar="FILE", help="A models.yaml in the place of the home's own.")
]
EXIT = {"ended": 0, "waiting": 6, "doubt": 6}


def run(
    app: Annotated[str, typer.Argument(metavar="APP", help="A bundle's path, or the id of a shipped app.")],
    inputs: Annotated[
        list[str] | None, typer.Option("--input", metavar="NAME=VALUE", help="An input; NAME=@FILE reads a file.")
    ] = None,
    session: Annotated[str | None, typer.Option("--session", help="The conversation that the run belongs to.")] = None,
    stream: Annotated[bool, typer.Option("--stream", help="Write the run's events, one JSON line each.")] = False,
    models: ModelsFile = None,
    as_json: AsJson = False,
) -> int:
    """Run an app to its end, or until it waits for a person."""
    from .apps import find_bundle
    from .inputs import read_inputs

    bundle = find_bundle(app)

    async def work(bench: Workbench) -> int:
        from ..orchestration.ready import ready

        compiled = ready(await bench.compile(bundle))
        given = await read_inputs(bench, compiled, inputs or [])
        info = await bench.engine.accept(compiled, given, session=session)
        if stream:
            async for item in bench.engine.events(info.id):
                _line(item.to_json())
        return _tell(await bench.engine.wait(info.id), as_json=as_json)

    return _with_bench(work, models)


def replay(run_id: RunId, as_json: AsJson = False, models: ModelsFile = None) -> int:
    """Run a finished run again from its journal, without any model, tool or network call."""

    async def work(bench: Workbench) -> int:
        record = await bench.engine.replay(run_id)
        original = await bench.engine.runs.get(run_id, "main")
        same = record.outputs == original.outputs and record.status == original.status
        code = _tell(record, as_json=as_json, more={"replay_of": run_id, "identical": same})
        return code if same or code else 1

    return _with_bench(work, models)


def runs(
    run_id: Annotated[str | None, typer.Argument(metavar="[RUN]", help="One run, with its events.")] = None,
    app: Annotated[str | None, typer.Option("--app", help="Only runs of this app.")] = None,
    status: Annotated[str | None, typer.Option("--status", help="Only runs of this status.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many at the most.")] = 20,
    as_json: AsJson = False,
) -> int:
    """List runs, newest first, or show one with its events and open questions."""

    async def work(bench: Workbench) -> int:
        if run_id is not None:
            return await _show(bench, run_id, as_json=as_json)
        found = await bench.engine.runs.list("main", app=app, status=status, limit=limit)
        if as_json:
            emit({"runs": [record.to_json() for record in found]})
        for record in () if as_json else found:
            say(f"{record.info.id}  {_time(record.created)}  {record.status:<9}  {record.info.app}")
        return 0

    return _with_bench(work)


def resume(run_id: RunId, as_json: AsJson = False, models: ModelsFile = None) -> int:
    """Take a run up where it failed or was cut off."""

    async def work(bench: Workbench) -> int:
        await bench.engine.resume(run_id)
        return _tell(await bench.engine.wait(run_id), as_json=as_json)

    return _with_bench(work, models)


def cancel(run_id: RunId, as_json: AsJson = False) -> int:
    """Stop a run that has not ended."""

    async def work(bench: Workbench) -> int:
        record = await bench.engine.cancel(run_id)
        _tell(record, as_json=as_json)
        return 0

    return _with_bench(work)


def answer(
    run_id: RunId,
    action: Annotated[str, typer.Argument(metavar="ACTION", help="The action to take.")],
    fields: Annotated[
        list[str] | None,
        typer.Option("--field", metavar="NAME=JSON", help="A field of the form; a text needs no quotes."),
    ] = None,
    ask: Annotated[str | None, typer.Option("--ask", help="The question; by default the only open one.")] = None,
    models: ModelsFile = None,
    as_json: AsJson = False,
) -> int:
    """Answer a question of a waiting run and take it up again."""

    async def work(bench: Workbench) -> int:
        from ..orchestration.errors import AskNotOpen

        open_now = await bench.engine.asks(run_id)
        names = [str(one["id"]) for one in open_now]
        if ask is None and len(names) != 1:
            listed = ", ".join(names) or "none"
            raise AskNotOpen(
                f"The run has {len(names)} open questions.", where=run_id, fix=f"Name one with --ask: {listed}."
            )
        form = dict(_field(option) for option in fields or [])
        await bench.engine.answer(run_id, ask or names[0], action=action, form=form, by="local")
        return _tell(await bench.engine.wait(run_id), as_json=as_json)

    return _with_bench(work, models)


def _with_bench(work: Callable[[Workbench], Awaitable[int]], models: Path | None = None) -> int:
    import asyncio

    from ..orchestration.workbench import Workbench

    async def session() -> int:
        bench = await Workbench.open(load_settings(), models_file=models)
        try:
            return await work(bench)
        finally:
            await bench.close()

    return asyncio.run(session())


async def _show(bench: Workbench, run_id: str, *, as_json: bool) -> int:
    record = await bench.engine.runs.get(run_id, "main")
    events = [item.to_json() async for item in bench.engine.events(run_id)]
    asks = await bench.engine.asks(run_id)
    if as_json:
        emit({**record.to_json(), "events": list(events), "asks": list(asks)})
        return 0
    _tell(record, as_json=False)
    for event in events:
        say(f"{event['seq']:>5}  {event['type']:<16} {event['path']}")
    for one in asks:
        say(f"open: {one['id']}  {one['kind']}")
    return 0


def _tell(record: RunRecord, *, as_json: bool, more: dict[str, Json] | None = None) -> int:
    if as_json:
        emit({**record.to_json(), **(more or {})})
    else:
        colour = "green" if record.status == "ended" else "yellow" if record.status in EXIT else "red"
        say(f"{record.info.id}  {paint(record.status, colour)}")
        settings = load_settings()
        for line in lines(record.outputs or {}, settings.home / "artifacts", settings.language):
            say(line)
        if record.error:
            where = f" ({record.error['where']})" if record.error.get("where") else ""
            say(f"{record.error['code']}: {record.error['message']}{where}")
        say(f"used: {_compact(record.usage)}")
    if record.status in EXIT:
        return EXIT[record.status]
    code = (record.error or {}).get("exit_code")
    return code if isinstance(code, int) else 1


def _field(option: str) -> tuple[str, Json]:
    import json

    from .errors import UsageError

    name, found, text = option.partition("=")
    if not found:
        raise UsageError(f"{option!r} is no field.", fix="Write --field name=value.")
    try:
        return name, json.loads(text)
    except json.JSONDecodeError:
        return name, text


def _line(data: dict[str, Json]) -> None:
    say(_compact(data))


def _compact(value: Json) -> str:
    import json

    return json.dumps(value, ensure_ascii=False)


def _time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="seconds")
