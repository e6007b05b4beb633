from __future__ import annotations

import pytest

from agents.spec.ids import RESERVED, ROOTS, id_problem


@pytest.mark.parametrize("name", ["a", "read", "read_sensor", "p101", "a" * 48, "inputs_", "iff"])
def test_good_ids(name: str) -> None:
    assert id_problem(name, root=True) is None


@pytest.mark.parametrize(
    ("name", "word"),
    [
        *[(name, "word of the expression language") for name in sorted(RESERVED)],
        *[(name, "already use it") for name in sorted(ROOTS)],
        ("a" * 49, "49 characters"),
        ("Read", "small letter"),
        ("1a", "small letter"),
        ("_a", "small letter"),
        ("", "small letter"),
        ("a-b", "'-'"),
        ("aB", "'B'"),
        ("泵", "small letter"),
        ("a泵", "'泵'"),
        ("a\n", "'\\n'"),
    ],
)
def test_bad_ids(name: str, word: str) -> None:
    problem = id_problem(name, root=True)
    assert problem is not None
    assert word in problem.en
    assert problem.zh


@pytest.mark.parametrize("name", sorted(ROOTS))
def test_parts_may_be_called_like_roots(name: str) -> None:
    assert id_problem(name) is None
