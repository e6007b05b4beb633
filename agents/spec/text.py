"""The text of a YAML file as data and positions: the core schema of YAML 1.2, without the parts that surprise.

The syntax is read by libyaml, one event at a time, so a file that is too deep or too large is left early. What a
scalar means is decided in `scalar`, never by the library, which would apply YAML 1.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, cast

import yaml

from runtime.base.errors import Json

from ..diagnostics import Diagnostic
from .builder import Builder, Stop, amount
from .finding import Phrase, finding
from .positions import Positions
from .syntax import forbidden, syntax_error

__all__ = ["Parsed", "parse_yaml", "read_events", "unified"]

MAX_BYTES = 1_000_000
EMPTY = Phrase("it is empty", "内容为空")
LOADER = yaml.CLoader if yaml.__with_libyaml__ else yaml.Loader


@dataclass(frozen=True, slots=True)
class Parsed:
    """A file's data (None when it cannot be read), where each value stands, and what is wrong with the text."""

    data: Json
    positions: Positions
    diagnostics: list[Diagnostic]


class _Events(Protocol):
    """The part of a PyYAML loader that is used: its parser."""

    def check_event(self) -> bool: ...

    def get_event(self) -> yaml.Event: ...

    def dispose(self) -> None: ...


def parse_yaml(text: str, file: str = "app.yaml") -> Parsed:
    """Read a YAML file.

    Args:
        text: The file's text; a byte order mark and any kind of line end are accepted.
        file: Its name, for the findings.
    """
    text = unified(text)
    refusal = _oversize(text, file) or forbidden(text, file)
    if refusal:
        return Parsed(None, Positions(), [refusal])
    builder = Builder(file)
    data: Json = None
    try:
        builder.read(read_events(text))
        data = builder.data
    except yaml.YAMLError as error:
        builder.findings.append(syntax_error(error, text, file))
    except Stop:
        pass
    if data is None and not builder.findings:
        builder.findings.append(finding("BG101", "", {"problem": EMPTY}, file=file).at(1, 1))
    return Parsed(data, Positions(builder.places), builder.findings)


def unified(text: str) -> str:
    """Return the text without a byte order mark and with line feeds only."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def read_events(text: str) -> Iterator[yaml.Event]:
    """Yield the parser's events.

    Raises:
        yaml.YAMLError: The text is no YAML.
    """
    loader = cast("_Events", LOADER(text))
    try:
        while loader.check_event():
            yield loader.get_event()
    finally:
        loader.dispose()


def _oversize(text: str, file: str) -> Diagnostic | None:
    size = len(text.encode("utf-8", "surrogatepass"))
    if size <= MAX_BYTES:
        return None
    names = {"what": Phrase("The file", "文件"), "found": amount(size, "bytes", "字节"), "limit": f"{MAX_BYTES:,}"}
    return finding("BG111", "", names, file=file)
