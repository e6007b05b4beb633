"""Commands on runs: `run`, `replay`, `runs`, `resume`, `cancel`, `answer`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias
from urllib.parse import quote

import typer

from ..base.errors import Json
from .asking import questions
from .errors import UsageError
from .options import AsJson
from .output import compact, emit, paint, say
from .results import lines

if TYPE_CHECKING:
    from .client import Client

__all__ = [
    "PATIENCE",
    "ModelsFile",
    "RunId",
    "answer",
    "cancel",
    "compact",
    "replay",
    "resume",
    "run",
    "runs",
    "settled",
    "tell",
]

RunId: TypeAlias = Annotated[str, typer.Argument(metavar="RUN", help="The run's id.")]
ModelsFile: TypeAlias = Annotated[
    Path | None, typer.Option("--models", metavar="FILE", help="A models.yaml in the place of the home's own.")
]
EXIT: Final = {"ended": 0, "waiting": 6, "doubt": 6}
_WORKING: Final = ("accepted", "running")
PATIENCE: Final = 600
"""Seconds that the server waits before it is asked again."""


def run(
    app: Annotated[str, typer.Argument(metavar="APP", help="A bundle's path, or the id of an app.")],
    inputs: Annotated[
        list[str] | None, typer.Option("--input", metavar="NAME=VALUE", help="An input; NAME=@FILE reads a file.")
    ] = None,
    session: Annotated[str | None, typer.Option("--session", help="The conversation that the run belongs to.")] = None,
    pinned: Annotated[
        list[str] | None,
        typer.Option("--pin", metavar="NODE.PORT=VALUE", help="A value of a node that is not run; @FILE reads a file."),
    ] = None,
    only: Annotated[str | None, typer.Option("--only", metavar="NODE", help="The only node that is run.")] = None,
    stream: Annotated[bool, typer.Option("--stream", help="Write the run's events, one JSON line each.")] = False,
    models: ModelsFile = None,
    as_json: AsJson = False,
) -> int:
    """Run an app to its end, or until it waits for a person."""
    from .client import ask
    from .inputs import read_inputs
    from .pins import read_pins
    from .targets import find_target

    pins = read_pins("--pin", pinned or [])

    async def work(client: Client) -> int:
        target = await find_target(client, app)
        given = await read_inputs(client, target.inputs, inputs or [])
        body: dict[str, Json] = {"inputs": given, "pins": dict(pins), "only": only}
        if session:
            body["session"] = session
        record = await client.post(target.runs, body, wait=0 if stream else PATIENCE)
        if stream:
            async for event in client.events(record["run_id"]):
                say(compact(event))
        return tell(await settled(client, record, again=stream), as_json=as_json)

    return ask(work, models=models)


def replay(run_id: RunId, as_json: AsJson = False, models: ModelsFile = None) -> int:
    """Run a finished run again from its journal, without any model, tool or network call."""
    from .client import ask

    async def work(client: Client) -> int:
        record = await client.post(f"/v1/runs/{quote(run_id, safe='')}/replay")
        code = tell(record, as_json=as_json)
        return code if record["identical"] or code else 1

    return ask(work, models=models)


def runs(
    run_id: Annotated[str | None, typer.Argument(metavar="[RUN]", help="One run, with its events.")] = None,
    app: Annotated[str | None, typer.Option("--app", help="Only runs of this app.")] = None,
    status: Annotated[str | None, typer.Option("--status", help="Only runs of this status.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many at the most.")] = 20,
    as_json: AsJson = False,
) -> int:
    """List runs, newest first, or show one with its events and open questions."""
    from .client import ask

    async def work(client: Client) -> int:
        if run_id is not None:
            return await _show(client, run_id, as_json=as_json)
        found = await client.get("/v1/runs", app=app, status=status, limit=limit)
        if as_json:
            emit(found)
        for record in () if as_json else found["runs"]:
            say(f"{record['run_id']}  {_time(record['created'])}  {record['status']:<9}  {record['app']}")
        return 0

    return ask(work)


def resume(run_id: RunId, as_json: AsJson = False, models: ModelsFile = None) -> int:
    """Take a run up where it failed or was cut off."""
    from .client import ask

    async def work(client: Client) -> int:
        record = await client.post(f"/v1/runs/{quote(run_id, safe='')}/resume", wait=PATIENCE)
        return tell(await settled(client, record), as_json=as_json)

    return ask(work, models=models)


def cancel(run_id: RunId, as_json: AsJson = False) -> int:
    """Stop a run that has not ended."""
    from .client import ask

    async def work(client: Client) -> int:
        tell(await client.post(f"/v1/runs/{quote(run_id, safe='')}/cancel"), as_json=as_json)
        return 0

    return ask(work)


def answer(
    run_id: RunId,
    action: Annotated[
        str | None, typer.Argument(metavar="[ACTION]", help="The action to take; without one, list the questions.")
    ] = None,
    fields: Annotated[
        list[str] | None,
        typer.Option("--field", metavar="NAME=JSON", help="A field of the form; a text needs no quotes."),
    ] = None,
    ask_id: Annotated[str | None, typer.Option("--ask", help="The question; by default the only open one.")] = None,
    models: ModelsFile = None,
    as_json: AsJson = False,
) -> int:
    """Answer a question of a waiting run and take it up again."""
    from .client import ask

    async def work(client: Client) -> int:
        place = f"/v1/runs/{quote(run_id, safe='')}/asks"
        asks = (await client.get(place))["asks"]
        if action is None:
            return _list_asks(asks, run_id, as_json=as_json)
        name = ask_id or _only([str(one["id"]) for one in asks], run_id)
        form: dict[str, Json] = dict(_field(option) for option in fields or [])
        body: dict[str, Json] = {"action": action, "form": form}
        record = await client.post(f"{place}/{quote(name, safe='')}", body, wait=PATIENCE)
        return tell(await settled(client, record), as_json=as_json)

    return ask(work, models=models)


def _list_asks(asks: list[dict[str, Any]], run_id: str, *, as_json: bool) -> int:
    if as_json:
        emit({"asks": [*asks]})
    else:
        say("\n".join(questions(asks, run_id)) or "No question is open: if it waits, then for a time or an event.")
    return 0


async def settled(client: Client, record: dict[str, Any], *, again: bool = False) -> dict[str, Any]:
    """Return the run once nothing works on it."""
    while again or record["status"] in _WORKING:
        record, again = await client.get(f"/v1/runs/{record['run_id']}", wait=PATIENCE), False
    for extra in ("inputs", "asks", "waits"):
        record.pop(extra, None)
    return record


def _only(names: list[str], run_id: str) -> str:
    if len(names) == 1:
        return names[0]
    listed = ", ".join(names)
    raise UsageError(
        f"The run has {len(names)} open questions.",
        where=run_id,
        fix=f"Name one with --ask: {listed}." if names else "There is nothing to answer; look with: baigong runs RUN",
    )


async def _show(client: Client, run_id: str, *, as_json: bool) -> int:
    record = await client.get(f"/v1/runs/{quote(run_id, safe='')}")
    events = (await client.get(f"/v1/runs/{quote(run_id, safe='')}/events"))["events"]
    if as_json:
        emit({**record, "events": events})
        return 0
    tell(record, as_json=False)
    for event in events:
        say(f"{event['seq']:>5}  {event['type']:<16} {event['path']}")
    for one in (*record["asks"], *record["waits"]):
        say(f"open: {one['id']}  {one['kind']}")
    return 0


def tell(record: dict[str, Any], *, as_json: bool) -> int:
    """Write how a run stands and return the exit code for it."""
    status = str(record["status"])
    error: dict[str, Any] = record["error"] or {}
    if as_json:
        emit(record)
    else:
        colour = "green" if status == "ended" else "yellow" if status in EXIT else "red"
        say(f"{record['run_id']}  {paint(status, colour)}")
        from ..base.settings import load_settings

        settings = load_settings()
        for line in lines(record["outputs"] or {}, settings.artifacts, settings.language):
            say(line)
        if error:
            where = f" ({error['where']})" if error.get("where") else ""
            say(f"{error['code']}: {error['message']}{where}")
        say(f"used: {compact(record['usage'])}")
        if status == "waiting":
            say(f"What it waits for: baigong answer {record['run_id']}")
    if status in EXIT:
        return EXIT[status]
    code = error.get("exit_code")
    return code if isinstance(code, int) else 1


def _field(option: str) -> tuple[str, Json]:
    name, found, text = option.partition("=")
    if not found:
        raise UsageError(f"{option!r} is no field.", fix="Write --field name=value.")
    try:
        return name, json.loads(text)
    except json.JSONDecodeError:
        return name, text


def _time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="seconds")
