"""Mending an app by the fixes of its findings: one at a time, each kept only if its finding goes away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from runtime.base.errors import Json

from .compiler import compile_bundle
from .diagnostics import Diagnostic, Fix, Op
from .errors import AgentError
from .spec import Bundle, Operation, Resources, apply_edit, parse_app
from .spec.pointer import parent, split, value_at

__all__ = ["Mended", "mend"]

MOST = 200
"""Fixes of one go; more would mean that two of them undo each other."""


@dataclass(frozen=True, slots=True)
class Mended:
    """The mended bundle, the findings that went away by their fixes, and those that are left."""

    bundle: Bundle
    applied: tuple[Diagnostic, ...]
    left: tuple[Diagnostic, ...]


def mend(bundle: Bundle, resources: Resources | None = None) -> Mended:
    """Apply every fix that a machine can apply, until none is left.

    A fix is kept when there are fewer findings of its kind than before; what it brings to light, because a later phase
    of the compiler is reached, is looked at in turn.
    """
    applied: list[Diagnostic] = []
    left = compile_bundle(bundle, resources).diagnostics
    refused: set[tuple[str, str]] = set()
    while len(applied) < MOST:
        found = next(_mended(bundle, left, refused, resources), None)
        if found is None:
            break
        bundle, left, finding = found
        applied.append(finding)
    return Mended(bundle, tuple(applied), left)


def _mended(
    bundle: Bundle, findings: tuple[Diagnostic, ...], refused: set[tuple[str, str]], resources: Resources | None
) -> Iterator[tuple[Bundle, tuple[Diagnostic, ...], Diagnostic]]:
    for finding in findings:
        place = (finding.code, finding.path)
        if finding.fix is None or not finding.fix.ops or place in refused:
            continue
        try:
            after = apply_edit(bundle, _operations(bundle, finding.fix)).bundle
        except AgentError:
            refused.add(place)
            continue
        left = compile_bundle(after, resources).diagnostics
        if _count(left, finding.code) < _count(findings, finding.code):
            yield after, left, finding
            return
        refused.add(place)


def _count(findings: tuple[Diagnostic, ...], code: str) -> int:
    return sum(one.code == code for one in findings)


def _operations(bundle: Bundle, fix: Fix) -> Iterator[Operation]:
    data = parse_app(bundle.app_text).data
    for op in fix.ops:
        if op.op == "move":
            value = value_at(data, op.path)
            yield Operation(op="del", path=op.path)
            yield Operation(op="add", path=str(op.value), value=value, before=_next(data, op))
        elif op.op == "set" and split(op.path)[-1] not in _keys(value_at(data, parent(op.path))):
            yield Operation(op="add", path=op.path, value=op.value)
        else:
            yield Operation(op=op.op, path=op.path, value=op.value)


def _next(data: Json, op: Op) -> str | None:
    """Return the key after the one that is renamed, so that the new name stands in its place."""
    keys = _keys(value_at(data, parent(op.path)))
    last = split(op.path)[-1]
    at = keys.index(last) + 1 if last in keys else len(keys)
    same_home = parent(op.path) == parent(str(op.value))
    return keys[at] if same_home and at < len(keys) else None


def _keys(value: Json) -> list[str]:
    if isinstance(value, dict):
        return [*value]
    return [str(number) for number in range(len(value))] if isinstance(value, list) else []
