"""Citations are checked word for word."""

from __future__ import annotations

import pytest

from knowledge.citations import check_citation
from knowledge.errors import CitationInvalid

SOURCE = "Stop the pump. 停泵检查。"


def test_accepts_the_exact_place() -> None:
    check_citation("停泵检查。", SOURCE, 15, 20)


@pytest.mark.parametrize(
    ("quote", "start", "end"),
    [("Stop the pumps", 0, 14), ("pump", 0, 4), ("", 0, 0), ("Stop", -29, 4), ("停泵检查。", 15, 21)],
)
def test_refuses_anything_else(quote: str, start: int, end: int) -> None:
    with pytest.raises(CitationInvalid):
        check_citation(quote, SOURCE, start, end)


def test_says_where_the_quotation_stands() -> None:
    with pytest.raises(CitationInvalid) as caught:
        check_citation("pump", SOURCE, 0, 4)
    assert caught.value.details["found"] == 9
