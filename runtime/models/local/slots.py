"""The prefix cache: what the context holds, by conversation, and how much of a new prompt is already computed.

The context is one pool of cells that a few sequences share. A prompt goes to the sequence that holds its longest
prefix; where that would throw most of another conversation away, the least recently used sequence is given up instead
and shares the common prefix's cells. So a system prompt is computed once, and conversations that take turns keep their
history.

An answer at temperature 0 must not depend on what ran before. Measured: tokens computed two or more at a time come out
bit-identical however a prompt is cut into batches and wherever its cells lie; a token computed alone takes another
kernel and differs by up to 0.5 in a logit. So only what was computed as part of a prompt is reused (`exact`), not what
was generated, and at least two tokens of a prompt are always computed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from .native import Native

__all__ = ["Slot", "Slots", "common"]


@dataclass(slots=True)
class Slot:
    """One sequence: the tokens that it holds, how many of them may be reused, and when it was last used."""

    sequence: int
    tokens: list[int] = field(default_factory=list[int])
    exact: int = 0
    used: int = 0

    def shares(self, prompt: Sequence[int]) -> int:
        """Return how many tokens of `prompt` need not be computed again."""
        return max(0, min(common(self.tokens, prompt), self.exact, len(prompt) - 2))


def common(left: Sequence[int], right: Sequence[int]) -> int:
    """Return the length of the longest common prefix."""
    for index, (one, other) in enumerate(zip(left, right, strict=False)):
        if one != other:
            return index
    return min(len(left), len(right))


class Slots:
    """The sequences 0 … `count` − 1 of a context."""

    def __init__(self, native: Native, count: int) -> None:
        self._native = native
        self._slots = [Slot(sequence) for sequence in range(count)]
        self._clock = 0

    def take(self, prompt: Sequence[int], room: int) -> Slot:
        """Return a slot that holds a prefix of `prompt`, without its last two tokens, and has room to go on.

        Args:
            prompt: The prompt's tokens.
            room: Tokens that prompt and answer may need together.
        """
        self._clock += 1
        best = max(self._slots, key=lambda slot: (slot.shares(prompt), slot.used))
        shared = best.shares(prompt)
        if shared * 2 < best.exact and len(self._slots) > 1:
            slot = min((slot for slot in self._slots if slot is not best), key=lambda slot: slot.used)
            self._cut(slot, 0)
            if shared:
                self._native.copy(best.sequence, slot.sequence, shared)
                slot.tokens = list(best.tokens[:shared])
                slot.exact = shared
        else:
            slot = best
            self._cut(slot, shared)
        slot.used = self._clock
        self._make_room(slot, room)
        return slot

    def restore(self, slot: Slot) -> None:
        """Forget what an aborted computation may have left behind."""
        self._cut(slot, len(slot.tokens))

    def clear(self, others_than: Slot | None = None) -> None:
        """Give up all sequences, or all but one."""
        for slot in self._slots:
            if slot is not others_than:
                self._cut(slot, 0)

    def _make_room(self, keep: Slot, room: int) -> None:
        """Give up sequences, oldest first, until `keep` can hold `room` tokens; shared cells count twice."""
        for slot in sorted(self._slots, key=lambda slot: slot.used):
            if self._held(other for other in self._slots if other is not keep) + room <= self._native.n_ctx:
                return
            if slot is not keep:
                self._cut(slot, 0)

    @staticmethod
    def _held(slots: Iterable[Slot]) -> int:
        return sum(len(slot.tokens) for slot in slots)

    def _cut(self, slot: Slot, length: int) -> None:
        if not self._native.keep(slot.sequence, length):
            self._native.keep(slot.sequence, 0)
            length = 0
        del slot.tokens[length:]
        slot.exact = min(slot.exact, length)
