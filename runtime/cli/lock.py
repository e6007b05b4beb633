"""`lock`: writes down what this host has of what an app requires, so that checking the app starts nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import AsJson
from .output import emit, say

__all__ = ["lock"]


def lock(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="The app: a folder.")],
    check_only: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit with 1 if bundle.lock is not up to date.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Look up an app's tools, models, bases and skills and write them into its bundle.lock."""
    from agents.spec import Bundle, export_zip, read_bundle, write_bundle

    from .client import ask

    bundle = read_bundle(path)
    made = str(ask(lambda client: client.upload("/v1/bundles/lock", export_zip(bundle)))["lock"]).encode()
    changed = bundle.files.get("bundle.lock") != made
    if changed and not check_only:
        write_bundle(Bundle(files={**bundle.files, "bundle.lock": made}), path)
    if as_json:
        emit({"changed": changed, "written": changed and not check_only})
    else:
        say(f"{path}: {'out of date' if check_only else 'locked'}" if changed else f"{path}: up to date")
    return 1 if changed and check_only else 0
