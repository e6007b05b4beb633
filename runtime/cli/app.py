"""The root command and the table of all commands."""

from __future__ import annotations

from typing import Annotated

import typer

from ..base.version import VERSION
from . import bundle, forks, kb, lock, models, runs, secrets, transfer, up, usage, worker
from .output import say

__all__ = ["app"]

# Rich is never imported: plain help is faster and reads the same in a log.
app = typer.Typer(name="baigong", rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)

app.command("check")(bundle.check)
app.command("fmt")(bundle.fmt)
app.command("schema")(bundle.schema)
app.command("merge")(bundle.merge)
app.command("export")(transfer.export)
app.command("import")(transfer.import_)
app.command("prune")(transfer.prune)
app.command("lock")(lock.lock)
for command in (runs.run, runs.runs, runs.replay, runs.resume, runs.answer, runs.cancel):
    app.command(command.__name__)(command)
for command in (forks.fork, forks.rerun, forks.diff, forks.effects, forks.settle, forks.event):
    app.command(command.__name__)(command)
app.command("usage")(usage.usage)
app.command("up")(up.up)
app.command("login")(up.login)
app.command("worker")(worker.worker)
app.add_typer(kb.group, name="kb")
app.add_typer(models.group, name="models")
app.add_typer(secrets.group, name="secrets")


def _version(wanted: bool) -> None:
    if wanted:
        say(f"baigong {VERSION}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and stop.")
    ] = False,
) -> None:
    """Build, check and run AI applications on your own machine."""
