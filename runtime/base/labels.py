"""Information-flow labels and values that carry them.

A label is a point of a finite lattice, integrity × confidentiality. Joining two labels keeps the worse of each axis,
so labels only ever rise along a flow and a fixpoint always ends. Source: Denning, "A lattice model of secure
information flow" (1976); for agents, Costa et al., "Securing AI agents with information-flow control" (2505.23643).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Generic, TypeVar

from .errors import Json

__all__ = ["APP", "Confidentiality", "Integrity", "Label", "Labelled", "UNTRUSTED", "USER", "join"]

T = TypeVar("T", covariant=True)


class Integrity(IntEnum):
    """Who could have chosen the value; a greater number is trusted less."""

    APP = 0
    USER = 1
    BOUNDED = 2
    UNTRUSTED = 3


class Confidentiality(IntEnum):
    """Who may learn the value; a greater number may travel less."""

    PUBLIC = 0
    WORKSPACE = 1
    SECRET = 2


@dataclass(frozen=True, slots=True)
class Label:
    """Integrity and confidentiality of one value."""

    integrity: Integrity = Integrity.APP
    confidentiality: Confidentiality = Confidentiality.PUBLIC

    def join(self, other: Label) -> Label:
        """Return the least label that both flow to."""
        return Label(max(self.integrity, other.integrity), max(self.confidentiality, other.confidentiality))

    def to_json(self) -> Json:
        """Return `["untrusted", "workspace"]`, the form that journal and state store."""
        return [self.integrity.name.lower(), self.confidentiality.name.lower()]

    @classmethod
    def from_json(cls, data: Json) -> Label:
        """Read what `to_json` wrote.

        Raises:
            ValueError: `data` is no such pair.
        """
        match data:
            case [str(integrity), str(confidentiality)]:
                return cls(Integrity[integrity.upper()], Confidentiality[confidentiality.upper()])
            case _:
                raise ValueError(f"{data!r} is no label")


APP = Label()
USER = Label(Integrity.USER)
UNTRUSTED = Label(Integrity.UNTRUSTED)


def join(labels: Iterable[Label]) -> Label:
    """Return the least label that all flow to; `APP` when there are none."""
    result = APP
    for label in labels:
        result = result.join(label)
    return result


@dataclass(frozen=True, slots=True)
class Labelled(Generic[T]):
    """A value and its label."""

    value: T
    label: Label = APP
