from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agents.expressions.edits import edit


def test_places_lead_back() -> None:
    edited = edit("look.x > 7 && look.y", {0: (4, "M{}"), 9: (1, "7.0"), 14: (4, "LONGER")})
    assert edited.text == "M{}.x > 7.0 && LONGER.y"
    assert [edited.origin(edited.text.index(mark)) for mark in ("M{}", ".x", ">", "7.0", "&&", "LONGER", ".y")] == [
        0,
        4,
        7,
        9,
        11,
        14,
        18,
    ]
    assert edited.origin(edited.text.index("NGER")) == 14


@given(
    st.text(alphabet="ab ", min_size=1, max_size=30), st.sets(st.integers(0, 29)), st.text(alphabet="xy", max_size=4)
)
def test_what_is_not_replaced_keeps_its_place(text: str, places: set[int], new: str) -> None:
    places = {place for place in places if place < len(text)}
    edited = edit(text, {place: (1, new) for place in places})
    at = 0
    for place, letter in enumerate(text):
        if place in places:
            at += len(new)
        else:
            assert edited.text[at] == letter
            assert edited.origin(at) == place
            at += 1
