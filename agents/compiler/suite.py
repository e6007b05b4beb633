"""Phase 9: the test suite. Cases, metrics and gates against the app's inputs and outputs."""

from __future__ import annotations

import json
from typing import cast

from runtime.base.errors import Json

from ..diagnostics import Phrase, hint
from ..errors import BundleError
from .draft import Draft

__all__ = ["check_suite"]

EMPTY = Phrase("", "")


def check_suite(draft: Draft) -> None:
    """Report test cases, metrics and gates that name inputs, outputs or metrics which do not exist."""
    tests = draft.scope.document.tests
    if tests is None:
        return
    outputs = draft.scope.outputs
    metrics = {name for metric in tests.metrics for name in metric}
    for at, metric in enumerate(tests.metrics):
        for name, target in metric.items():
            if isinstance(target, str) and target.partition(".")[0] not in outputs:
                english = f"the metric {name!r} reads {target!r}, which is no output"
                problem = Phrase(english, f"指标 {name!r} 读取的 {target!r} 不是输出")
                _report(draft, f"/tests/metrics/{at}/{name}", "app.yaml", problem, hint(target, outputs))
    for name in tests.gate:
        if name not in metrics:
            problem = Phrase(f"the gate {name!r} is no metric of the suite", f"门槛 {name!r} 不是测试集的指标")
            _report(draft, f"/tests/gate/{name}", "app.yaml", problem, hint(name, metrics))
    if tests.suite is not None:
        _cases(draft, tests.suite)


def _cases(draft: Draft, file: str) -> None:
    try:
        text = draft.scope.bundle.text(file)
    except BundleError as error:
        draft.report("BG108", "/tests/suite", name=file, problem=error.message.rstrip("."))
        return
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            _case(draft, f"{file}:{number}", line)


def _case(draft: Draft, place: str, line: str) -> None:
    try:
        case = cast("Json", json.loads(line))
    except json.JSONDecodeError as error:
        _report(draft, "/tests/suite", place, Phrase(f"not JSON: {error.msg}", f"不是 JSON：{error.msg}"))
        return
    for key, known in (("inputs", draft.inputs), ("expect", draft.scope.outputs)):
        given = case.get(key, {}) if isinstance(case, dict) else None
        if not isinstance(given, dict):
            form = Phrase("a case is {inputs: {…}, expect: {…}}", "用例的形式是 {inputs: {…}, expect: {…}}")
            _report(draft, "/tests/suite", place, form)
            return
        for name in given:
            if name not in known:
                problem = Phrase(f"{key} names {name!r}, which does not exist", f"{key} 中的 {name!r} 不存在")
                _report(draft, "/tests/suite", place, problem, hint(name, known))


def _report(draft: Draft, path: str, place: str, problem: Phrase, near: Phrase = EMPTY) -> None:
    draft.report("BG602", path, place=place, problem=problem, hint=near)
