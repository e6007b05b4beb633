"""What a name that appears in expressions may be called."""

from __future__ import annotations

import re

from ..expressions import RESERVED as FUNCTIONS
from .finding import Phrase

__all__ = ["RESERVED", "ROOTS", "id_problem"]

WORDS = """as break const continue else false for function if import in let loop namespace null package return true var
void while"""
RESERVED = frozenset(WORDS.split())
"""Words of CEL, which no identifier may be. Source: the Common Expression Language specification, Syntax."""

ROOTS = frozenset({"inputs", "state", "session", "run", "prev", "round"})
"""Names that expressions know in every app; no node or item may hide them."""

LONGEST = 48
FORM = re.compile(r"[a-z][a-z0-9_]*\Z")


def id_problem(name: str, *, root: bool = False) -> Phrase | None:
    """Return why a name is no valid id, or None.

    Args:
        name: The name.
        root: Whether expressions know it by itself, as they do nodes and items, and not as a part of something.
    """
    if name in RESERVED:
        return Phrase("it is a word of the expression language", "它是表达式语言的保留字")
    if root and name in FUNCTIONS:
        return Phrase("it is a name of the expression language", "它是表达式语言的名称")
    if root and name in ROOTS:
        return Phrase("expressions already use it for the app's own values", "表达式已用它表示应用自身的值")
    if len(name) > LONGEST:
        return Phrase(f"it has {len(name)} characters", f"它有 {len(name)} 个字符")
    if FORM.match(name):
        return None
    if not re.match(r"[a-z]", name):
        return Phrase("it does not begin with a small letter", "它不以小写字母开头")
    odd = re.sub(r"[a-z0-9_]", "", name)[:1]
    return Phrase(f"it holds {odd!r}", f"它含有 {odd!r}")
