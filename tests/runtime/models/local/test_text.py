from __future__ import annotations

from runtime.models.local.text import Tail


def fed(tail: Tail, *pieces: bytes) -> list[str]:
    return [*(tail.feed(piece) for piece in pieces), tail.flush()]


def test_only_whole_characters_are_shown() -> None:
    first, second = "泵".encode()[:2], "泵".encode()[2:]
    assert fed(Tail(), b"a", first, second) == ["a", "", "泵", ""]
    assert fed(Tail(), first) == ["", "\ufffd"]


def test_nothing_of_a_stop_text_is_shown() -> None:
    tail = Tail(["END"])
    assert fed(tail, b"pump E", b"N", b"D of") == ["pump ", "", "", ""]
    assert tail.stopped


def test_what_only_looked_like_a_stop_text_is_shown() -> None:
    assert fed(Tail(["END"]), b"EN", b"TER", b" E") == ["", "ENTER", " ", "E"]
