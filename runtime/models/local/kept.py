"""What was computed once and may be wanted again: states of sequences in the memory of the machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Kept", "State", "common"]


@dataclass(frozen=True, eq=False, slots=True)
class State:
    """A sequence as it was: its tokens, and what the model had computed for them."""

    tokens: Sequence[int]
    data: NDArray[np.uint8]


class Kept:
    """States, the least recently used of which are forgotten first.

    Args:
        limit: Bytes that they may have together.
        most: How many there may be.
    """

    def __init__(self, limit: int, most: int) -> None:
        self.limit = limit
        self._most = most
        self._states: list[State] = []

    def __iter__(self) -> Iterator[State]:
        """Yield the states, the most recently used last."""
        return iter(self._states)

    @property
    def size(self) -> int:
        """Bytes of all states."""
        return sum(state.data.nbytes for state in self._states)

    def holds(self, tokens: Sequence[int]) -> bool:
        """Return whether a state begins with these tokens; it then counts as used."""
        for state in self._states:
            if common(state.tokens, tokens) == len(tokens):
                self._use(state)
                return True
        return False

    def put(self, state: State) -> None:
        """Keep a state in place of those that are its beginnings."""
        self._states = [old for old in self._states if common(old.tokens, state.tokens) < len(old.tokens)]
        self._states.append(state)
        while self._states and (self.size > self.limit or len(self._states) > self._most):
            del self._states[0]

    def find(self, prompt: Sequence[int]) -> tuple[State | None, int]:
        """Return the state that shares most with a prompt, and how many tokens these are."""
        best, most = None, 0
        for state in reversed(self._states):
            shared = common(state.tokens, prompt)
            if shared > most:
                best, most = state, shared
        if best:
            self._use(best)
        return best, most

    def _use(self, state: State) -> None:
        self._states.remove(state)
        self._states.append(state)


def common(left: Sequence[int], right: Sequence[int]) -> int:
    """Return the length of the longest common prefix."""
    for index, (one, other) in enumerate(zip(left, right, strict=False)):
        if one != other:
            return index
    return min(len(left), len(right))
