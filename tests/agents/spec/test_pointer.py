from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.spec.pointer import child, node_of, parent, shown, split


@given(st.lists(st.text(max_size=5), min_size=1))
def test_a_pointer_gives_its_keys_back(keys: list[str]) -> None:
    pointer = ""
    for key in keys:
        pointer = child(pointer, key)
    assert split(pointer) == keys
    assert child(parent(pointer), keys[-1]) == pointer


def test_list_items_are_numbers() -> None:
    assert child("/edges", 0) == "/edges/0"


@pytest.mark.parametrize(
    ("pointer", "text"), [("", "app.yaml"), ("/nodes/read/in", "nodes.read.in"), ("/types/a~1b", "types.a/b")]
)
def test_messages_show_dots(pointer: str, text: str) -> None:
    assert shown(pointer) == text


@pytest.mark.parametrize(
    ("pointer", "node"),
    [("/nodes/read/in/tag", "read"), ("/nodes/read", "read"), ("/nodes", None), ("/inputs/a", None)],
)
def test_the_node_is_known(pointer: str, node: str | None) -> None:
    assert node_of(pointer) == node
