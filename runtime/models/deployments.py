"""Deployments: models that can be called, declared in `models.yaml` or built in.

```yaml
models:
  remote/plant: {caps: [chat, tools, json], context: 32768, price: {input: 0.2, output: 0.6},
                 options: {url: "https://llm.plant.example/v1", model: qwen3-8b, key: PLANT_LLM_KEY}}
  scripted/demo: {options: {echo: true}}
```

The part of an id before the slash is its kind, which says what stands under `options`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeAlias, TypeVar

from pydantic import BaseModel, Field, StringConstraints, ValidationError

from agents.diagnostics import Diagnostic
from agents.spec import explain_errors, parse_yaml

from .errors import ModelsFileInvalid
from .routing import Caching, Routing
from .strict import Strict

__all__ = [
    "Catalogue",
    "Deployment",
    "Entry",
    "ModelsFile",
    "Options",
    "Price",
    "Rate",
    "Strict",
    "to_deployment",
    "read_catalogue",
    "read_yaml",
]

Model = TypeVar("Model", bound=BaseModel)

Capability: TypeAlias = Literal["chat", "tools", "json", "vision", "embed", "rerank", "logprobs"]
DeploymentId: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[a-z]+/[a-z0-9][a-z0-9._-]{0,62}$")]
Residency: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
Dollars: TypeAlias = Annotated[float, Field(ge=0, allow_inf_nan=False, strict=False)]

MAX_SHOWN = 5


class Options(Strict):
    """Base of the options of a kind of deployment."""

    @property
    def local(self) -> bool:
        """Whether what is asked stays on this machine."""
        return True

    def within(self, folder: Path) -> Self:
        """Return the options with the files read that they name relative to `folder`."""
        return self


class Price(Strict):
    """US dollars per million tokens."""

    input: Dollars = 0.0
    output: Dollars = 0.0

    def of(self, input_tokens: float, output_tokens: float) -> float:
        """Return the price of a call in US dollars."""
        return (input_tokens * self.input + output_tokens * self.output) / 1e6


class Rate(Strict):
    """How much a deployment may be asked: requests and tokens a minute, and calls at a time."""

    rpm: Annotated[int, Field(ge=1)] | None = None
    tpm: Annotated[int, Field(ge=1)] | None = None
    parallel: Annotated[int, Field(ge=1)] | None = None


class Entry(Strict):
    """A deployment as the file has it."""

    kind: str | None = None
    caps: Annotated[list[Capability], Field(min_length=1)] = ["chat", "tools", "json"]
    context: Annotated[int, Field(ge=1)] = 8192
    max_tokens: Annotated[int, Field(ge=1)] = 1024
    price: Price = Price()
    rate: Rate = Rate()
    residency: Residency | None = None
    options: dict[str, Any] = {}


class ModelsFile(Strict):
    """The content of `models.yaml`."""

    models: dict[DeploymentId, Entry] = {}
    routing: Routing = Routing()
    cache: Caching = Caching()


@dataclass(frozen=True, kw_only=True, slots=True)
class Deployment:
    """A model that can be called.

    Args:
        id: Kind and name, such as `remote/plant`.
        caps: What it can do.
        context: Its window in tokens.
        max_tokens: Longest answer where a request sets none, in tokens.
        price: US dollars per million tokens.
        rate: How much it may be asked.
        residency: Where what it is asked is kept, such as `eu`; None is not known, or this machine.
        options: What its kind needs to build it.
    """

    id: str
    caps: frozenset[str] = frozenset({"chat", "tools", "json"})
    context: int = 8192
    max_tokens: int = 1024
    price: Price = field(default_factory=Price)
    rate: Rate = field(default_factory=Rate)
    residency: str | None = None
    options: Options

    @property
    def kind(self) -> str:
        """The part of the id before the slash."""
        return self.id.partition("/")[0]

    @property
    def local(self) -> bool:
        """Whether what it is asked stays on this machine."""
        return self.options.local


@dataclass(frozen=True, kw_only=True, slots=True)
class Catalogue:
    """Every deployment, preferred ones first, and how one is chosen."""

    deployments: tuple[Deployment, ...] = ()
    routing: Routing = field(default_factory=Routing)
    cache: Caching = field(default_factory=Caching)


def read_catalogue(path: Path, kinds: Mapping[str, type[Options]], text: str | None = None) -> Catalogue:
    """Read `models.yaml`; a file that does not exist has no deployments.

    Args:
        path: The file.
        kinds: The shape of the options, by kind.
        text: What the file is going to hold, in the place of what it holds.

    Raises:
        ModelsFileInvalid: The file cannot be read, or an entry is wrong.
    """
    if text is None and not path.exists():
        return Catalogue()
    file = read_yaml(path, ModelsFile, text)
    found = tuple(to_deployment(name, entry, path, kinds) for name, entry in file.models.items())
    return Catalogue(deployments=found, routing=file.routing, cache=file.cache)


def read_yaml(path: Path, model: type[Model], text: str | None = None) -> Model:
    """Read a YAML file, or a text in its place, into a model.

    Raises:
        ModelsFileInvalid: It cannot be read, is no YAML, or does not fit; the message has the line.
    """
    try:
        parsed = parse_yaml(path.read_text("utf-8") if text is None else text, path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise ModelsFileInvalid("The file cannot be read.", where=str(path), fix="It must be UTF-8 text.") from error
    if parsed.diagnostics:
        raise _invalid(parsed.diagnostics, path)
    try:
        return model.model_validate_json(json.dumps(parsed.data))
    except ValidationError as error:
        raise _invalid(explain_errors(error, parsed.data, model, positions=parsed.positions), path) from error


def to_deployment(name: str, entry: Entry, path: Path, kinds: Mapping[str, type[Options]]) -> Deployment:
    """Return the deployment of an entry of `path`.

    Raises:
        ModelsFileInvalid: The entry is wrong.
    """
    kind, where = name.partition("/")[0], f"{path}: {name}"
    if kind not in kinds or entry.kind not in (None, kind):
        raise ModelsFileInvalid(
            f"The kind {entry.kind or kind!r} cannot be that of {name!r}.",
            where=where,
            fix=f"An id starts with its kind and a slash; kinds are {', '.join(sorted(kinds))}.",
        )
    try:
        options = kinds[kind].model_validate_json(json.dumps(entry.options))
    except ValidationError as error:
        raise _invalid(explain_errors(error, entry.options, kinds[kind]), path, f"{where}: options") from error
    return Deployment(
        id=name,
        caps=frozenset(entry.caps),
        context=entry.context,
        max_tokens=entry.max_tokens,
        price=entry.price,
        rate=entry.rate,
        residency=entry.residency,
        options=options.within(path.parent),
    )


def _invalid(found: Sequence[Diagnostic], path: Path, where: str | None = None) -> ModelsFileInvalid:
    lines = [f"{path.name}:{item.line}:{item.column}: {item.en}" if item.line else item.en for item in found]
    more = f" And {len(lines) - MAX_SHOWN} more." if len(lines) > MAX_SHOWN else ""
    return ModelsFileInvalid(
        " ".join(lines[:MAX_SHOWN]) + more,
        where=where or str(path),
        fix="docs/models.md describes every key.",
        details={"findings": [item.to_json() for item in found]},
    )
