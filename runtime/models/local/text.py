"""From the bytes of tokens to text that may be shown: whole characters, nothing of a stop text."""

from __future__ import annotations

import codecs
from collections.abc import Sequence

__all__ = ["Tail"]


class Tail:
    """Holds back what is no whole character yet, and what may become a stop text.

    Args:
        stops: Texts at which the answer ends; they are not part of it.
    """

    def __init__(self, stops: Sequence[str] = ()) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._stops = [stop for stop in stops if stop]
        self._held = ""
        self.stopped = False

    def feed(self, piece: bytes) -> str:
        """Take the next token's bytes and return the text that is certain now."""
        self._held += self._decoder.decode(piece)
        found = [place for stop in self._stops if (place := self._held.find(stop)) >= 0]
        if found:
            self.stopped = True
            text, self._held = self._held[: min(found)], ""
            return text
        keep = max((self._overlap(stop) for stop in self._stops), default=0)
        cut = len(self._held) - keep
        text, self._held = self._held[:cut], self._held[cut:]
        return text

    def flush(self) -> str:
        """Return what was held back when the answer is over."""
        text = "" if self.stopped else self._held + self._decoder.decode(b"", final=True)
        self._held = ""
        return text

    def _overlap(self, stop: str) -> int:
        """Return how many characters at the end may be the beginning of `stop`."""
        for length in range(min(len(stop) - 1, len(self._held)), 0, -1):
            if self._held.endswith(stop[:length]):
                return length
        return 0
