from __future__ import annotations

import hashlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.base.ids import canonical_json, content_id, digest, new_id

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4),
    max_leaves=12,
)


def test_an_id_has_its_prefix_and_26_characters() -> None:
    prefix, _, rest = new_id("run").partition("_")
    assert prefix == "run"
    assert len(rest) == 26
    assert set(rest) <= set("0123456789abcdefghjkmnpqrstvwxyz")


def test_an_id_begins_with_the_time() -> None:
    before = time.time_ns() // 1_000_000
    made = new_id("run").removeprefix("run_")
    after = time.time_ns() // 1_000_000
    digits = {character: value for value, character in enumerate("0123456789abcdefghjkmnpqrstvwxyz")}
    number = 0
    for character in made:
        number = number * 32 + digits[character]
    assert before <= number >> 80 <= after


def test_ids_sort_by_time() -> None:
    ids: list[str] = []
    for _ in range(5):
        ids.append(new_id("evt"))
        time.sleep(0.002)
    assert ids == sorted(ids)


def test_ids_differ() -> None:
    assert len({new_id("run") for _ in range(2000)}) == 2000


@pytest.mark.parametrize("prefix", ["", "Run", "1run", "a_b", "a" * 17, "run\n"])
def test_a_bad_prefix_is_refused(prefix: str) -> None:
    with pytest.raises(ValueError, match="no prefix"):
        new_id(prefix)


def test_content_id_is_sha256() -> None:
    assert content_id(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_canonical_text() -> None:
    assert (
        canonical_json({"b": [1, 2.5, None], "a": {"é": "泵\n", "d": True}})
        == '{"a":{"d":true,"é":"泵\\n"},"b":[1,2.5,null]}'
    )


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_what_json_cannot_say_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="Out of range float"):
        canonical_json([number])


@given(st.dictionaries(st.text(), st.integers(), min_size=2, max_size=6))
def test_the_order_of_keys_does_not_matter(value: dict[str, int]) -> None:
    assert digest(dict(reversed(value.items()))) == digest(dict(value))


@given(JSON, JSON)
def test_two_values_share_a_digest_only_if_they_share_a_text(left: object, right: object) -> None:
    same = canonical_json(left) == canonical_json(right)  # pyright: ignore[reportArgumentType]
    assert (digest(left) == digest(right)) == same  # pyright: ignore[reportArgumentType]


def test_a_digest_is_that_of_the_canonical_text() -> None:
    assert digest({"a": "泵"}) == hashlib.sha256('{"a":"泵"}'.encode()).hexdigest()


def test_half_a_surrogate_pair_has_a_digest() -> None:
    assert digest("\ud800") != digest("\ud801")
