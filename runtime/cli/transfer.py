"""Commands that take things out of a home and into one: `export`, `import`, `prune`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..base.errors import Json
from .options import AsJson
from .output import emit, paint, say

if TYPE_CHECKING:
    from .client import Client

__all__ = ["export", "import_", "prune"]


def export(
    app: Annotated[str, typer.Argument(metavar="APP", help="An app's path, or the id of an app.")],
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="By default APP.zip, here.")] = None,
    as_json: AsJson = False,
) -> int:
    """Write an app as one zip file, the same bytes on every machine."""
    from agents.spec import export_zip, read_bundle
    from agents.spec.folder import replace_file

    if Path(app).exists():
        content = export_zip(read_bundle(app))
        name = Path(app).resolve().stem
    else:
        content, name = _fetch(app), app
    target = out or Path(f"{name}.zip")
    replace_file(target, content)
    if as_json:
        emit({"file": str(target), "bytes": len(content)})
    else:
        say(str(target))
    return 0


def _fetch(app: str) -> bytes:
    from .client import ask

    async def work(client: Client) -> bytes:
        return await client.download(f"/v1/apps/{app}/bundle")

    return ask(work)


def import_(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="An app: a zip file, a folder or its app.yaml.")],
    as_json: AsJson = False,
) -> int:
    """Take an app into the home, start nothing, and list what it needs."""
    from agents.spec import export_zip, read_bundle

    from .client import ask

    bundle = read_bundle(path)
    content = export_zip(bundle)

    async def work(client: Client) -> int:
        stored = await client.upload("/v1/apps", content)
        if as_json:
            emit(stored)
        else:
            _tell(stored)
        return 0

    return ask(work)


def prune(
    days: Annotated[
        int | None,
        typer.Option("--days", min=0, max=36500, help="How long runs are kept; by default as the settings say."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count only.")] = False,
    as_json: AsJson = False,
) -> int:
    """Forget runs that are older than they are to be kept, and files that nothing names."""
    from .client import ask

    async def work(client: Client) -> int:
        body: dict[str, Json] = {"dry_run": dry_run, **({} if days is None else {"days": days})}
        found = await client.post("/v1/retention", body)
        if as_json:
            emit(found)
        else:
            say(", ".join(f"{name}: {count}" for name, count in found.items()))
        return 0

    return ask(work)


def _tell(stored: dict[str, Any]) -> None:
    needs: dict[str, Any] = stored["needs"]
    say(f"{stored['id']} {stored['version']}")
    for tool in needs["tools"]:
        known = "" if tool["locked"] else " (not locked: taken for the worst)"
        effect = paint(tool["effect"], "yellow" if tool["effect"] != "none" else "green")
        say(f"  tool {tool['name']} of {tool['server']}: {effect}, {tool['effect_class']}{known}")
    for model in needs["models"]:
        say(f"  model {model['name']}: {', '.join(model['caps'])}")
    for base in needs["knowledge"]:
        say(f"  knowledge {base['name']}: {base['base'] or base['recipe']}")
    for base in needs["databases"]:
        say(f"  database {base['name']}: {base['database']}")
    for app in needs["apps"]:
        say(f"  app {app['name']}: {app['app']}, {app['digest'] or 'at no fixed version'}")
    for kind, names in (("skill", needs["skills"]), ("secret", needs["secrets"]), ("host", needs["hosts"])):
        for name in names:
            say(f"  {kind} {name}")
    if needs["surfaces"]:
        say(f"  would be offered as: {', '.join(needs['surfaces'])}")
