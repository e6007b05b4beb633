"""`html`: the visible text of a page, block by block, with its headings."""

from __future__ import annotations

from bs4 import BeautifulSoup
from bs4.element import Comment, NavigableString, PageElement, Tag

from ..documents import Extracted, plain_text
from .outline import Heading, sections_of

__all__ = ["read"]

_HIDDEN = frozenset(("script", "style", "template", "noscript", "head", "svg", "nav"))
_INLINE_NAMES = (
    "a abbr b bdi bdo cite code data dfn em font i kbd label mark q s samp small span strong sub sup time u var"
)
_INLINE = frozenset(_INLINE_NAMES.split())
_HEADINGS = {f"h{level}": level for level in range(1, 7)}


def read(content: bytes) -> Extracted:
    """Return the text without markup; scripts, styles and navigation are left out."""
    writer = _Writer()
    writer.visit(BeautifulSoup(content, "html.parser"))
    text = "".join(writer.parts).rstrip()
    headings = [(start, min(below, len(text)), level, title) for start, below, level, title in writer.headings]
    return Extracted(text=text, sections=sections_of(headings, start=0, end=len(text)))


class _Writer:
    """Collects text in order; blocks end their line, inline elements do not."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.headings: list[Heading] = []
        self._length = 0

    def visit(self, node: PageElement) -> None:
        if isinstance(node, Tag):
            self._tag(node)
        elif isinstance(node, NavigableString) and not isinstance(node, Comment):
            self._text(" ".join(plain_text(node).split()), spaced=node[:1].isspace(), spaces=node[-1:].isspace())

    def _tag(self, tag: Tag) -> None:
        if tag.name in _HIDDEN:
            return
        block = tag.name not in _INLINE
        if block:
            self._line()
        start = self._length
        for child in tag.children:
            self.visit(child)
        if block:
            self._line()
        if tag.name in _HEADINGS and self._length > start:
            self.headings.append((start, self._length, _HEADINGS[tag.name], " ".join(tag.get_text(" ").split())))

    def _text(self, text: str, *, spaced: bool, spaces: bool) -> None:
        last = self.parts[-1][-1] if self.parts else "\n"
        lead = " " if spaced and not last.isspace() else ""
        self._write(lead + text + (" " if spaces and text else ""))

    def _line(self) -> None:
        if self.parts and not self.parts[-1].endswith("\n"):
            self._write("\n")

    def _write(self, text: str) -> None:
        if text:
            self.parts.append(text)
            self._length += len(text)
