"""The compiler's findings as lines for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from agents.diagnostics import Diagnostic, Severity

from ..base.language import Language
from .output import Colour, paint

__all__ = ["lines", "summary"]

_COLOURS: dict[Severity, Colour] = {"error": "red", "warning": "yellow", "info": "cyan"}
_SEVERITIES: dict[Language, dict[Severity, str]] = {
    "en": {"error": "error", "warning": "warning", "info": "info"},
    "zh": {"error": "错误", "warning": "警告", "info": "提示"},
}
_LINE: dict[Language, str] = {"en": " (line {})", "zh": "（第 {} 行）"}
_FIX: dict[Language, str] = {"en": "  fix: ", "zh": "  修复："}
_CLEAN: dict[Language, str] = {"en": "No problems found.", "zh": "没有发现问题。"}


def lines(finding: Diagnostic, language: Language) -> Iterator[str]:
    """Yield `error BG203 nodes.look.in.query (line 12): message` and, where there is one, the line of its fix."""
    severity = paint(_SEVERITIES[language][finding.severity], _COLOURS[finding.severity])
    line = _LINE[language].format(finding.line) if finding.line else ""
    message = finding.zh if language == "zh" else finding.en
    yield f"{severity} {finding.code} {_place(finding)}{line}: {message}"
    if finding.fix:
        yield _FIX[language] + (finding.fix.zh if language == "zh" else finding.fix.en)


def summary(findings: Sequence[Diagnostic], language: Language) -> str:
    """Return one line such as `2 errors, 1 warning`."""
    counts = Counter(finding.severity for finding in findings)
    if not counts:
        return paint(_CLEAN[language], "green")
    return (", " if language == "en" else "，").join(
        _counted(counts[severity], severity, language) for severity in _COLOURS if counts[severity]
    )


def _counted(count: int, severity: Severity, language: Language) -> str:
    word = _SEVERITIES[language][severity]
    if language == "zh":
        return f"{count} 个{word}"
    return f"{count} {word}" if count == 1 or severity == "info" else f"{count} {word}s"


def _place(finding: Diagnostic) -> str:
    """Return the JSON Pointer as a dotted path, after the file's name where it is not `app.yaml`."""
    steps = [step.replace("~1", "/").replace("~0", "~") for step in finding.path.split("/") if step]
    dotted = ".".join(steps)
    if finding.file == "app.yaml":
        return dotted or finding.file
    return f"{finding.file}:{dotted}" if dotted else finding.file
