from __future__ import annotations

import pytest

from agents.diagnostics import Diagnostic, Fix, diagnose
from runtime.base.language import Language
from runtime.cli.findings import lines, summary

UNKNOWN = diagnose(
    "BG203", "/nodes/look/in/query", node="look", name="reed", hint="", fix=Fix("Write read.", "请写 read。")
)
UNUSED = diagnose("BG212", "/nodes/read", name="read")


@pytest.mark.parametrize(
    ("finding", "language", "expected"),
    [
        (
            UNKNOWN.at(12, 3),
            "en",
            ["error BG203 nodes.look.in.query (line 12): There is no node 'reed'.", "  fix: Write read."],
        ),
        (
            UNKNOWN.at(12, 3),
            "zh",
            ["错误 BG203 nodes.look.in.query（第 12 行）: 没有节点 'reed'。", "  修复：请写 read。"],
        ),
        (UNUSED, "en", ["warning BG212 nodes.read: Nothing reads the outputs of 'read'."]),
    ],
)
def test_lines(finding: Diagnostic, language: Language, expected: list[str]) -> None:
    assert list(lines(finding, language)) == expected


@pytest.mark.parametrize(
    ("file", "path", "place"),
    [
        ("app.yaml", "", "app.yaml"),
        ("app.yaml", "/types/a~1b~0c", "types.a/b~c"),
        ("prompts/ask.md", "", "prompts/ask.md"),
        ("kb/manuals.yaml", "/split", "kb/manuals.yaml:split"),
    ],
)
def test_places(file: str, path: str, place: str) -> None:
    finding = diagnose("BG105", path, file=file, where="x", problem="y")
    assert list(lines(finding, "en")) == [f"error BG105 {place}: x: y."]


@pytest.mark.parametrize(
    ("findings", "en", "zh"),
    [
        ([], "No problems found.", "没有发现问题。"),
        ([UNKNOWN], "1 error", "1 个错误"),
        ([UNUSED, UNKNOWN, UNKNOWN], "2 errors, 1 warning", "2 个错误，1 个警告"),
    ],
)
def test_summary(findings: list[Diagnostic], en: str, zh: str) -> None:
    assert summary(findings, "en") == en
    assert summary(findings, "zh") == zh
