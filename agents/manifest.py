"""What the palette, the compiler and the docs know of a node type: manifest, ports, handles, expression places."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict

from .expressions import Binding
from .types import JSON, Type

__all__ = ["Config", "Group", "Manifest", "Option", "Port", "Site", "Surface"]

Option: TypeAlias = Literal["on_error", "retry", "timeout", "budget", "cache"]
Group: TypeAlias = Literal["data", "control", "model", "knowledge", "tool", "people", "output"]


class Config(BaseModel):
    """Base of every node type's configuration: unknown keys are errors, values are not converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class Port:
    """A typed input or output of a node.

    Args:
        type: What it carries.
        required: Whether an input must be connected.
        streaming: Whether an output can be forwarded while it is being made.
        only: The handle on whose way alone an output is there; None where it is there on all but `error`.
        generic: Whether an input keeps the type of what is connected to it, where that is narrower than its own.
    """

    type: Type = JSON
    required: bool = True
    streaming: bool = False
    only: str | None = None
    generic: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """A place in a node's configuration that holds an expression.

    Args:
        key: JSON Pointer below the node, such as `/cases/abnormal`.
        binding: The parsed expression.
        expects: The type it must have, or None where any type will do.
    """

    key: str
    binding: Binding
    expects: Type | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Surface:
    """What one node offers to the graph.

    Args:
        inputs: Named inputs.
        open: Whether any further input names are taken.
        outputs: Named outputs, known once the node's own expressions are typed.
        handles: Exits that edges choose between; empty when the node has one exit.
        opaque: Whether its outputs are not known, so that any may be read.
    """

    inputs: Mapping[str, Port] = field(default_factory=dict[str, Port])
    open: bool = False
    outputs: Mapping[str, Port] = field(default_factory=dict[str, Port])
    handles: tuple[str, ...] = ()
    opaque: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Manifest:
    """The public face of a node type: what the palette, the JSON Schema and the docs show.

    Args:
        type: The word in `type:`.
        group: Where the palette shows it.
        en: One sentence in English.
        zh: The same in Chinese.
        config: The keys of its own.
        accepts: Which of the shared options it takes.
        runnable: Whether this version can run it.
    """

    type: str
    group: Group
    en: str
    zh: str
    config: type[BaseModel] = Config
    accepts: frozenset[Option] = frozenset()
    runnable: bool = True

    @property
    def summary(self) -> str:
        """The English sentence."""
        return self.en
