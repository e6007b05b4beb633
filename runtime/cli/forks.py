"""Commands that compare runs, start others from them, settle what is in doubt, and give them events."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import quote

import typer

from ..base.errors import Json
from .errors import UsageError
from .options import AsJson
from .output import compact, emit, paint, say
from .pins import read_pins, read_value
from .runs import PATIENCE, ModelsFile, RunId, settled, tell

if TYPE_CHECKING:
    from .client import Client

__all__ = ["diff", "effects", "event", "fork", "rerun", "settle"]

Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NODE.PORT=VALUE", help="Another value of a port; what depends on it is done again."),
]
_SHOWN: Final = 160


def fork(
    run_id: RunId,
    at: Annotated[int | None, typer.Option("--at", metavar="EVENT", help="The last event to take over.")] = None,
    values: Set = None,
    models: ModelsFile = None,
    as_json: AsJson = False,
) -> int:
    """Start a new run from what a run has done, up to an event, or with other values."""
    body: dict[str, Json] = {"pins": dict(read_pins("--set", values or []))}
    return _start(run_id, body if at is None else {**body, "at": at}, models, as_json=as_json)


def rerun(
    run_id: RunId,
    since: Annotated[
        str | None, typer.Option("--from", metavar="NODE", help="The node from which on all is done again.")
    ] = None,
    only: Annotated[
        str | None, typer.Option("--only", metavar="NODE", help="The only node that is done again.")
    ] = None,
    values: Set = None,
    models: ModelsFile = None,
    as_json: AsJson = False,
) -> int:
    """Start a new run that does a part of a run again and takes the rest over."""
    if (since is None) == (only is None):
        raise UsageError("Say which part is done again.", fix="Write --from NODE, or --only NODE.")
    body: dict[str, Json] = {"pins": dict(read_pins("--set", values or []))}
    return _start(run_id, {**body, **({"since": since} if since else {"only": only})}, models, as_json=as_json)


def _start(run_id: str, body: dict[str, Json], models: ModelsFile, *, as_json: bool) -> int:
    from .client import ask

    async def work(client: Client) -> int:
        record = await client.post(f"{_place(run_id)}/fork", body, wait=PATIENCE)
        return tell(await settled(client, record), as_json=as_json)

    return ask(work, models=models)


def diff(
    left: Annotated[str, typer.Argument(metavar="ONE", help="A run, or an app's path.")],
    right: Annotated[str, typer.Argument(metavar="OTHER", help="Another of its kind.")],
    as_json: AsJson = False,
) -> int:
    """Compare two runs node by node, or two apps by meaning; exit code 1 when they differ."""
    from .client import ask

    if Path(left).exists() and Path(right).exists():
        return _diff_apps(left, right, as_json=as_json)

    async def work(client: Client) -> int:
        found = await client.get(f"{_place(left)}/diff/{quote(right, safe='')}")
        if as_json:
            emit(found)
        for node in () if as_json else found["nodes"]:
            _tell_node(node)
        return 0 if all(node["same"] for node in found["nodes"]) else 1

    return ask(work)


def _diff_apps(left: str, right: str, *, as_json: bool) -> int:
    from agents.spec import read_bundle
    from agents.spec.compare import Absent, changes

    found = changes(read_bundle(left), read_bundle(right))
    if as_json:
        emit({"left": left, "right": right, "changes": [one.to_json() for one in found]})
    for one in () if as_json else found:
        place = ".".join(one.path.split("/")[1:]) or one.file
        sides = ["–" if isinstance(side, Absent) else _short(side) for side in (one.before, one.after)]
        mark = {"added": "+", "removed": "-", "changed": "≠"}[one.kind]
        say(f"{paint(mark, 'yellow')} {place}: {sides[0]} → {sides[1]}")
    return 1 if found else 0


def _tell_node(node: dict[str, Any]) -> None:
    left, right = node["left"], node["right"]
    differs = "+" if left is None else "-" if right is None else "≠"
    mark = "=" if node["same"] else paint(differs, "yellow")
    used = f"{_used(left)} → {_used(right)}"
    say(f"{mark} {node['path']}  {used}")
    for name, (before, after) in node["changed"].items():
        say(f"    {name}: {_short(before)} → {_short(after)}")


def _used(side: dict[str, Any] | None) -> str:
    if side is None:
        return "–"
    used = "".join(f", {amount:g} {kind}" for kind, amount in side["used"].items() if amount)
    return f"{side['status']} {side['seconds']:g} s{used}"


def _short(value: Json) -> str:
    text = compact(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def effects(run_id: RunId, as_json: AsJson = False) -> int:
    """List what a run has done to the world, and what is in doubt."""
    from .client import ask

    async def work(client: Client) -> int:
        found = await client.get(f"{_place(run_id)}/effects")
        if as_json:
            emit(found)
        for one in () if as_json else found["effects"]:
            state = paint(f"{one['state']:<7}", "yellow" if one["state"] == "doubt" else "green")
            say(f"{one['effect']}  {state}  {one['class']:<9}  {one['tool']}  {one['path']}")
        return 0

    return ask(work)


def settle(
    run_id: RunId,
    effect: Annotated[str, typer.Argument(metavar="EFFECT", help="The effect's key, from: baigong effects RUN.")],
    done: Annotated[bool | None, typer.Option("--done/--not-done", help="Whether it happened.")] = None,
    result: Annotated[
        str | None, typer.Option("--result", metavar="JSON", help="What the tool would have returned.")
    ] = None,
    models: ModelsFile = None,
    as_json: AsJson = False,
) -> int:
    """Say whether an effect in doubt has happened; once none is left, the run is taken up."""
    from .client import ask

    if done is None:
        raise UsageError("Look at the outside system and say what happened.", fix="Write --done or --not-done.")
    if result is not None and not done:
        raise UsageError("What did not happen has no result.", where="--result", fix="Leave --result out.")
    body: dict[str, Json] = {"done": done}
    if result is not None:
        body["result"] = read_value("--result", result)

    async def work(client: Client) -> int:
        record = await client.post(f"{_place(run_id)}/effects/{quote(effect, safe='')}", body, wait=PATIENCE)
        return tell(await settled(client, record), as_json=as_json)

    return ask(work, models=models)


def event(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The event's name, as in a wait node.")],
    key: Annotated[str | None, typer.Option("--key", help="Which of the things of that name.")] = None,
    data: Annotated[
        str | None, typer.Option("--data", metavar="JSON", help="What it says; @FILE reads a file.")
    ] = None,
    models: ModelsFile = None,
    as_json: AsJson = False,
) -> int:
    """Give an event to every run that waits for it."""
    from .client import ask

    body: dict[str, Json] = {"name": name, "key": key, "data": None if data is None else read_value("--data", data)}

    async def work(client: Client) -> int:
        found = await client.post("/v1/events", body)
        for run_id in found["runs"]:
            await settled(client, await client.get(f"{_place(run_id)}", wait=PATIENCE))
        if as_json:
            emit(found)
        for run_id in () if as_json else found["runs"]:
            say(run_id)
        return 0 if found["runs"] else 3

    return ask(work, models=models)


def _place(run_id: str) -> str:
    return f"/v1/runs/{quote(run_id, safe='')}"
