"""Fusion, calibration and tokens."""

from __future__ import annotations

import pytest

from knowledge.calibration import fit
from knowledge.fusion import fuse
from knowledge.tokens import index_tokens, language, query_tokens


def test_a_sure_leg_decides() -> None:
    found = fuse({"dense": [("a", 0.50), ("b", 0.49)], "keyword": [("b", 20.0)]}, {"dense": 10, "keyword": 0.5})
    assert [item.chunk for item in found] == ["b", "a"]
    assert found[0].ranks == {"dense": 2, "keyword": 1}
    assert sum(item.probability for item in found) == pytest.approx(1)


def test_a_leg_of_no_weight_comes_behind() -> None:
    found = fuse({"dense": [("a", 0.9), ("c", 0.8)], "keyword": [("b", 1.0)]}, {"dense": 0, "keyword": 1})
    assert [item.chunk for item in found] == ["b", "a", "c"]


def test_a_useless_leg_is_left_out() -> None:
    names = [f"c{n}" for n in range(40)]
    keyword = [[(name, 9.0), ("x", 3.0)] for name in names]
    fitted = fit([[("y", 0.9), ("z", 0.8)] for _ in names], keyword, names)
    assert fitted.weights["dense"] == 0
    assert fitted.weights["keyword"] > 0
    assert fitted.gated == ["dense"]


def test_words_meet_in_both_languages() -> None:
    assert set(query_tokens("What causes leaking seals?")) & set(index_tokens("The seal leaked"))
    assert "p101" in index_tokens("Pump P-101")
    assert "轴承" in index_tokens("电机轴承过热")
    assert "多少" not in query_tokens("温度是多少")
    assert (language("轴承 bearing 温度"), language("the 泵 of a long English text")) == ("zh", "en")
