"""`lock`: writes down what this host has of what an app requires, so that checking the app starts nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..base.settings import load_settings
from .options import AsJson
from .output import emit, say

if TYPE_CHECKING:
    from agents.spec import Bundle, Lock

__all__ = ["lock"]


def lock(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="The app: a folder.")],
    check_only: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit with 1 if bundle.lock is not up to date.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Look up an app's tools, models, bases and skills and write them into its bundle.lock."""
    from agents.spec import Bundle, read_bundle, write_bundle

    bundle = read_bundle(path)
    made = asyncio.run(_look_up(bundle)).to_text().encode()
    changed = bundle.files.get("bundle.lock") != made
    if changed and not check_only:
        write_bundle(Bundle(files={**bundle.files, "bundle.lock": made}), path)
    if as_json:
        emit({"changed": changed, "written": changed and not check_only})
    else:
        say(f"{path}: {'out of date' if check_only else 'locked'}" if changed else f"{path}: up to date")
    return 1 if changed and check_only else 0


async def _look_up(bundle: Bundle) -> Lock:
    from agents.compiler import compile_bundle
    from agents.spec import lock_from_resources

    from ..orchestration.outline import read_app
    from ..orchestration.ready import ready
    from ..orchestration.workbench import Workbench

    document = read_app(bundle) or ready(compile_bundle(bundle)).document
    bench = await Workbench.open(load_settings())
    try:
        await bench.bases.prepare(document, bundle)
        return lock_from_resources(await bench.inventory.take(document), document)
    finally:
        await bench.close()
