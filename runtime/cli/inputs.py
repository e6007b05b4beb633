"""`--input name=value` and `--input name=@file`, read by the type of the app's input."""

from __future__ import annotations

import csv
import io
import json
import mimetypes
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from ..base.errors import Json
from .errors import UsageError

if TYPE_CHECKING:
    from agents.graph import CompiledApp
    from agents.types import Type

    from ..orchestration.workbench import Workbench

__all__ = ["read_inputs"]


async def read_inputs(bench: Workbench, app: CompiledApp, given: Iterable[str]) -> dict[str, Json]:
    """Return the inputs that the options give.

    Raises:
        UsageError: An option has no `=`, names a file that cannot be read, or holds a value of the wrong form.
    """
    inputs: dict[str, Json] = {}
    for option in given:
        name, found, text = option.partition("=")
        if not found or not name:
            raise UsageError(f"{option!r} is no input.", fix="Write --input name=value or --input name=@file.")
        port = app.inputs.get(name)
        kind = port.type if port else None
        if text.startswith("@"):
            inputs[name] = await _file(bench, name, Path(text[1:]), kind)
        else:
            inputs[name] = _value(name, text, kind)
    return inputs


def _plain(kind: Type | None) -> str:
    from agents.types import OptionalOf

    return str(kind.inner if isinstance(kind, OptionalOf) else kind)


def _value(name: str, text: str, kind: Type | None) -> Json:
    """A text stays a text where the input takes one; anything else is JSON."""
    from agents.types import EnumOf, OptionalOf

    inner = kind.inner if isinstance(kind, OptionalOf) else kind
    if kind is None or isinstance(inner, EnumOf) or _plain(kind) in ("string", "timestamp", "duration", "secret"):
        return text
    try:
        return cast("Json", json.loads(text))
    except json.JSONDecodeError as error:
        fix = f"Give JSON, or a file as --input {name}=@file."
        raise UsageError(f"The input {name!r} takes {kind}, but {text!r} is no JSON.", fix=fix) from error


async def _file(bench: Workbench, name: str, path: Path, kind: Type | None) -> Json:
    try:
        content = path.read_bytes()  # noqa: ASYNC240 a command has nothing else to do
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(f"The file {str(path)!r} cannot be read: {reason}.", where=f"--input {name}") from error
    wanted = _plain(kind)
    if wanted in ("file", "image"):
        media = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        return await bench.host.files.put(content, name=path.name, media_type=media, workspace="main")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"The file {str(path)!r} is not UTF-8.", where=f"--input {name}") from error
    return text if wanted == "string" or kind is None else _structure(name, path, text)


def _structure(name: str, path: Path, text: str) -> Json:
    """Read a list or record by the file's suffix."""
    try:
        match path.suffix:
            case ".jsonl":
                return [cast("Json", json.loads(line)) for line in text.splitlines() if line.strip()]
            case ".csv":
                return [dict(row) for row in csv.DictReader(io.StringIO(text))]
            case ".yaml" | ".yml":
                from agents.spec import parse_yaml

                return parse_yaml(text, path.name).data
            case _:
                return cast("Json", json.loads(text))
    except json.JSONDecodeError as error:
        raise UsageError(f"The file {str(path)!r} is no JSON: {error}.", where=f"--input {name}") from error
