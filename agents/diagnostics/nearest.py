"""The nearest known name to a misspelt one, and how to say it."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from .diagnostic import Phrase

__all__ = ["hint", "nearest"]

SHOWN = 12


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name most like `name` (Ratcliff–Obershelp, ratio at least 0.6), or None."""
    names = list(known)
    folded = {candidate.lower(): candidate for candidate in names}
    if name.lower() in folded:
        return folded[name.lower()]
    found = get_close_matches(name, names, n=1)
    return found[0] if found else None


def hint(name: str, known: Iterable[str], *, prefix: Phrase | None = None) -> Phrase:
    """Return ` Did you mean …?`, or the list of what is known when nothing is near; empty when nothing is known."""
    names = list(known)
    near = nearest(name, names)
    if near is not None:
        return Phrase(f" Did you mean {near!r}?", f"您是否想写 {near!r}？")
    if not names:
        return Phrase("", "")
    shown = ", ".join(names[:SHOWN]) + (" …" if len(names) > SHOWN else "")
    said = prefix or Phrase("Known", "已知")
    return Phrase(f" {said.en}: {shown}.", f"{said.zh}:{shown}。")
