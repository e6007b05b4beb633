"""`--input name=value` and `--input name=@file`, read by the type of the app's input."""

from __future__ import annotations

import csv
import io
import json
import mimetypes
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, cast

from ..base.errors import Json
from .client import Client
from .errors import UsageError

__all__ = ["read_inputs"]

_TEXTS: Final = ("string", "timestamp", "duration", "secret")
_JSON: Final = ("integer", "number", "boolean", "json", "list<", "map<", "record<")
"""How the types begin whose values are never a bare text; an app's own type may be an enumeration."""


async def read_inputs(
    client: Client, described: Mapping[str, Mapping[str, Any]], given: Iterable[str]
) -> dict[str, Json]:
    """Return the inputs that the options give; files are sent to the server.

    Raises:
        UsageError: An option has no `=`, names a file that cannot be read, or holds a value of the wrong form.
    """
    inputs: dict[str, Json] = {}
    for option in given:
        name, found, text = option.partition("=")
        if not found or not name:
            raise UsageError(f"{option!r} is no input.", fix="Write --input name=value or --input name=@file.")
        kind = _plain(str(described[name]["type"])) if name in described else "string"
        if text.startswith("@"):
            inputs[name] = await _file(client, name, Path(text[1:]), kind)
        else:
            inputs[name] = _value(name, text, kind)
    return inputs


def _plain(kind: str) -> str:
    return kind.removeprefix("optional<").removesuffix(">") if kind.startswith("optional<") else kind


def _value(name: str, text: str, kind: str) -> Json:
    """A text stays a text where the input takes one; anything else is JSON."""
    if kind in _TEXTS or kind.startswith("enum"):
        return text
    try:
        return cast("Json", json.loads(text))
    except json.JSONDecodeError as error:
        if not kind.startswith(_JSON):
            return text
        fix = f"Give JSON, or a file as --input {name}=@file."
        raise UsageError(f"The input {name!r} takes {kind}, but {text!r} is no JSON.", fix=fix) from error


async def _file(client: Client, name: str, path: Path, kind: str) -> Json:
    try:
        content = path.read_bytes()  # noqa: ASYNC240 a command has nothing else to do
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(f"The file {str(path)!r} cannot be read: {reason}.", where=f"--input {name}") from error
    if kind in ("file", "image"):
        media = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        return {"artifact": (await client.upload("/v1/artifacts", content, kind=media, name=path.name))["id"]}
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"The file {str(path)!r} is not UTF-8.", where=f"--input {name}") from error
    return text if kind in _TEXTS else _structure(name, path, text)


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
