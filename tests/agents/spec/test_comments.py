from __future__ import annotations

import pytest

from agents.spec import Comments, parse_yaml, read_comments


def read(text: str) -> Comments:
    return read_comments(text, parse_yaml(text).positions)


@pytest.mark.parametrize(
    ("text", "above"),
    [
        ("# x\na: 1\n", {"/a": ("# x",)}),
        ("a: 1  # x\n", {"/a": ("# x",)}),
        ("a: 1\t# x\n", {"/a": ("# x",)}),
        ("a:  # x\n  b: 1\n", {"/a": ("# x",)}),
        ("a:\n  # x\n  b: 1\n", {"/a/b": ("# x",)}),
        ("a:\n  # x\n  - b\n", {"/a/0": ("# x",)}),
        ("a: {b: 1,  # x\n  c: 2}\n", {"/a": ("# x",)}),
        ("a: {b: 1,\n  # x\n  c: 2}\n", {"/a/c": ("# x",)}),
        ("a: [\n  1\n] # x\nb: 1\n", {"/b": ("# x",)}),
        ("# x\n\n\n# y\na: 1\n", {"/a": ("# x", "", "# y")}),
        ("a: 1\n\n\nb: 1\n", {"/b": ("",)}),
        ("# x\r\na: 1 # y\r\n", {"/a": ("# x", "# y")}),
        ("\ufeff# x\na: 1\n", {"/a": ("# x",)}),
        ('a: "b"# x\n', {}),
        ("a: b#x\n", {}),
        ("a: 'b # x'\n", {}),
        ("a: 'b\n  # x\n  c'\n", {}),
        ("a: |\n  # x\n\n  # y\nb: 1\n", {}),
        ("a: |  # x\n  # y\nb: 1\n", {"/a": ("# x",)}),
        ("a: >-\n  # y\n# x\nb: 1\n", {"/b": ("# x",)}),
        ("a: b\n  c\n# x\nd: 1\n", {"/d": ("# x",)}),
        ("a: |\n  x\n\n\nb: 1\n", {"/b": ("",)}),
        ("a:\n  - |\n    x\n  # x\n  - y\n", {"/a/1": ("# x",)}),
    ],
)
def test_where_comments_belong(text: str, above: dict[str, tuple[str, ...]]) -> None:
    assert read(text) == Comments(above)


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("a: 1\n# x\n", ("# x",)),
        ("a: 1\n\n# x\n\n# y\n\n\n", ("", "# x", "", "# y")),
        ("a: |\n  x\n# x", ("# x",)),
        ("a: {}\n  # x\n", ("# x",)),
        ("a: 1\n\n\n", ()),
    ],
)
def test_comments_after_everything(text: str, end: tuple[str, ...]) -> None:
    assert read(text) == Comments({}, end)


def test_busy_are_all_that_hold_a_comment() -> None:
    comments = Comments({"/a/b/c": ("# x",), "/d/e": ("",)})
    assert comments.busy() == {"", "/a", "/a/b"}
