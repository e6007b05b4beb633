"""Commands on secrets: `set`, `list`, `rm`."""
# ruff: noqa: A005 the word of the command; it is always imported through its package

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias
from urllib.parse import quote

import typer

from ..base.errors import Json
from ..base.language import Language
from .errors import UsageError
from .options import AsJson, chosen
from .output import emit, say

__all__ = ["group"]

Name: TypeAlias = Annotated[str, typer.Argument(metavar="NAME", help="The secret's name, such as MAIL_TOKEN.")]

_READ_LIMIT: Final = 128 * 1024
_TEXTS: Final[dict[Language, dict[str, str]]] = {
    "en": {
        "value": "Value of {}",
        "again": "Once more",
        "set": "{} is set.",
        "rm": "{} is removed.",
        "none": "No secret is set.",
    },
    "zh": {
        "value": "{} 的值",
        "again": "再输入一次",
        "set": "已设置 {}。",
        "rm": "已删除 {}。",
        "none": "没有设置任何机密。",
    },
}

group = typer.Typer(rich_markup_mode=None, help="Keep passwords and tokens, encrypted.")


# Words too many are taken in and refused here, because typer's own message would repeat them, the value among them.
@group.command("set", context_settings={"allow_extra_args": True})
def set_secret(
    context: typer.Context,
    name: Name,
    from_file: Annotated[
        Path | None,
        typer.Option("--from-file", metavar="FILE", exists=True, dir_okay=False, help="Read the value from a file."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Store a secret; its value comes from standard input or a hidden prompt, never from the command line."""
    if context.args:
        raise UsageError(
            "A secret's value is no argument: other programs can read a command line.",
            fix="Give the name alone, and the value at the prompt, on standard input or with --from-file.",
        )
    from .client import ask

    value = _value(name, from_file)
    info = ask(lambda client: client.put(_place(name), {"value": value}))
    if as_json:
        emit(_shown(info))
    else:
        say(_text("set", name))


@group.command("list")
def list_secrets(as_json: AsJson = False) -> None:
    """List the names of the secrets and when each was set; values are never shown."""
    from .client import ask

    found = ask(lambda client: client.get("/v1/secrets"))["secrets"]
    if as_json:
        emit({"secrets": [_shown(info) for info in found]})
        return
    width = max((len(info["name"]) for info in found), default=0)
    for info in found:
        say(f"{info['name']:<{width}}  {_time(info['updated'])}")
    if not found:
        say(_text("none"))


@group.command("rm")
def remove_secret(name: Name, as_json: AsJson = False) -> None:
    """Delete a secret."""
    from .client import ask

    ask(lambda client: client.delete(_place(name)))
    if as_json:
        emit({"name": name, "removed": True})
    else:
        say(_text("rm", name))


def _place(name: str) -> str:
    return f"/v1/secrets/{quote(name, safe='')}"


def _value(name: str, file: Path | None) -> str:
    """Read the value, without the line break at its end; bytes that are no text are refused."""
    if file is None and sys.stdin.isatty():
        return typer.prompt(_text("value", name), hide_input=True, confirmation_prompt=_text("again"), err=True)
    if file is None:
        content = sys.stdin.buffer.read(_READ_LIMIT)
    else:
        with file.open("rb") as stream:
            content = stream.read(_READ_LIMIT)
    try:
        return content.removesuffix(b"\n").removesuffix(b"\r").decode()
    except UnicodeDecodeError as error:
        from ..access.errors import BadSecretValue

        message = "A secret's value is a Unicode text of 1 byte to 64 KiB."
        raise BadSecretValue(message, fix="Give it in the encoding UTF-8.") from error


def _text(key: str, name: str = "") -> str:
    return _TEXTS[chosen(None)][key].format(name)


def _shown(info: dict[str, Any]) -> dict[str, Json]:
    return {"name": info["name"], "created": _time(info["created"]), "updated": _time(info["updated"])}


def _time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="seconds")
