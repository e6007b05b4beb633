"""The recursive splitter."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from knowledge.documents import Extracted, Section
from knowledge.splitters.recursive import split


def cut(text: str, size: int) -> list[str]:
    document = Extracted(text=text, sections=(Section(start=0, end=len(text)),))
    return [text[span.start : span.end] for span in split(document, size=size)]


def test_cuts_at_sentences_of_both_languages() -> None:
    assert cut("泵在振动。轴承过热。检查润滑。", 6) == ["泵在振动。", "轴承过热。", "检查润滑。"]
    assert cut("The pump leaks. Stop it now. Call 3.5 people.", 17) == [
        "The pump leaks.",
        "Stop it now.",
        "Call 3.5 people.",
    ]


def test_never_crosses_a_section() -> None:
    text = "one two"
    sections = (Section(start=0, end=3, heading="A", page=1), Section(start=4, end=7, heading="B", page=2))
    spans = split(Extracted(text=text, sections=sections), size=100)
    assert [(text[s.start : s.end], s.heading, s.page) for s in spans] == [("one", "A", 1), ("two", "B", 2)]


@given(st.text(alphabet="ab 泵。.,\n", max_size=300), st.integers(4, 60))
def test_loses_no_word_and_keeps_the_size(text: str, size: int) -> None:
    pieces = cut(text, size)
    assert [c for c in "".join(pieces) if c.isalnum()] == [c for c in text if c.isalnum()]
    assert all(piece == piece.strip() and len(piece) <= size * 1.25 for piece in pieces)
