"""The prefix cache: how much of a new prompt is already computed.

One sequence lies in the context, always from its first cell on. A prompt that goes on where it ends needs only the
rest computed. Any other prompt takes its place; what is lost by that is saved to the machine's memory, where it is
worth it, and brought back for a prompt that shares more with it. For 1,500 tokens of SmolLM2 on one core that takes
60 ms; to compute them takes 20 s. So a system prompt is computed once, and conversations that take turns keep their
history.

An answer at temperature 0 must not depend on what ran before. Measured: tokens computed two or more at a time come out
bit-identical however a prompt is cut into batches; a token computed alone takes another kernel and differs by up to 0.5
in a logit. So only what was computed as part of a prompt is reused (`exact`), not what was generated, and at least two
tokens of a prompt are always computed. Also measured: the same tokens in cells further back differ by up to 1.7 in a
log-probability, for attention adds them up in another order. So no two conversations share the context.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from .kept import Kept, State, common
from .native import Native

__all__ = ["SEQUENCE", "Cache", "Slot"]

SEQUENCE: Final = 0
"""The sequence of the context that is used."""
WORTH: Final = 64
"""A loss of fewer tokens is not worth saving."""
GAIN: Final = 16
"""A state is brought back for one token in so many."""


@dataclass(slots=True)
class Slot:
    """The tokens that the sequence holds, and how many of them may be reused."""

    tokens: list[int] = field(default_factory=list[int])
    exact: int = 0

    def shares(self, prompt: Sequence[int]) -> int:
        """Return how many tokens of `prompt` need not be computed again."""
        return max(0, min(common(self.tokens, prompt), self.exact, len(prompt) - 2))


class Cache:
    """What a context holds, and what it held.

    Args:
        native: The loaded model.
        limit: Bytes that saved states may have; 0 saves none.
        most: Number of saved states.
    """

    def __init__(self, native: Native, limit: int, most: int) -> None:
        self._native = native
        self._kept = Kept(limit, most)
        self._slot = Slot()

    def take(self, prompt: Sequence[int]) -> Slot:
        """Return the slot when it holds a prefix of `prompt`, without its last two tokens."""
        slot = self._slot
        shared = slot.shares(prompt)
        state, found = self._kept.find(prompt)
        found = min(found, len(prompt) - 2)
        if state and (found - shared) * GAIN >= max(len(state.tokens), GAIN):
            self._cut(0)
            if self._native.load(SEQUENCE, state.data):
                slot.tokens, slot.exact, shared = [*state.tokens], len(state.tokens), found
        self._cut(shared)
        return slot

    def restore(self) -> None:
        """Forget what an aborted computation may have left behind."""
        self._cut(len(self._slot.tokens))

    def _cut(self, length: int) -> None:
        slot = self._slot
        length = min(length, len(slot.tokens))
        if slot.exact - length >= WORTH:
            self._save()
        if not self._native.keep(SEQUENCE, length):
            self._native.keep(SEQUENCE, 0)
            length = 0
        del slot.tokens[length:]
        slot.exact = min(slot.exact, length)

    def _save(self) -> None:
        slot = self._slot
        if not self._kept.limit or self._kept.holds(slot.tokens[: slot.exact]):
            return
        if not self._native.keep(SEQUENCE, slot.exact):
            return  # such a model cannot forget its answer without the prompt
        del slot.tokens[slot.exact :]
        if (data := self._native.save(SEQUENCE, self._kept.limit)) is not None:
            self._kept.put(State(tuple(slot.tokens), data))
