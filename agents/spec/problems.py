"""What is wrong with one value, in words: Pydantic's error types in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pydantic_core import ErrorDetails

from runtime.base.errors import Json

from .document import DURATION
from .finding import Phrase

__all__ = ["choices", "expected", "problem", "wrong_kind"]

KINDS = {
    "string_type": Phrase("a text", "文本"),
    "bool_type": Phrase("true or false", "布尔值 true 或 false"),
    "float_type": Phrase("a number", "数字"),
    "int_type": Phrase("a whole number", "整数"),
    "int_from_float": Phrase("a whole number", "整数"),
    "dict_type": Phrase("a mapping", "映射"),
    "model_type": Phrase("a mapping", "映射"),
    "entry_type": Phrase("a type or a mapping", "类型或映射"),
    "list_type": Phrase("a list", "列表"),
    "tuple_type": Phrase("a pair [from, to]", "一对值 [起点, 终点]"),
}
"""The kind of value that was wanted, by error type."""

PAIR = Phrase("must be a pair [from, to]", "应为一对值 [起点, 终点]")
FORMS = {
    DURATION: Phrase("must be a duration such as 30s, 5m or 2h", "应为时长，例如 30s、5m 或 2h"),
    r"^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$": Phrase("must be a version such as 1.2.3", "应为版本号，例如 1.2.3"),
    r"^[a-z][a-z0-9-]{0,62}$": Phrase(
        "must begin with a small letter and hold small letters, digits and hyphens only",
        "应以小写字母开头，且只含小写字母、数字和连字符",
    ),
    r"^[A-Z][A-Z0-9_]{0,63}$": Phrase(
        "must begin with a capital letter and hold capital letters, digits and _ only",
        "应以大写字母开头，且只含大写字母、数字和下划线",
    ),
}
"""What a text must look like, by pattern."""

LIMITS = {
    "greater_than_equal": ("ge", "must be at least {}", "不能小于 {}"),
    "greater_than": ("gt", "must be more than {}", "必须大于 {}"),
    "less_than_equal": ("le", "must be at most {}", "不能大于 {}"),
    "less_than": ("lt", "must be less than {}", "必须小于 {}"),
    "too_short": ("min_length", "must have {} entries or more", "至少应有 {} 项"),
    "too_long": ("max_length", "must have {} entries at most", "最多只能有 {} 项"),
    "string_too_short": ("min_length", "must have {} characters or more", "至少应有 {} 个字符"),
    "string_too_long": ("max_length", "must have {} characters at most", "最多只能有 {} 个字符"),
    "multiple_of": ("multiple_of", "must be a multiple of {}", "必须是 {} 的倍数"),
}
"""Bounds by error type: where Pydantic tells the bound, and both sentences."""


def expected(details: ErrorDetails) -> Phrase | None:
    """Return the kind of value that was wanted, where the error is about that."""
    return KINDS.get(details["type"])


def wrong_kind(kinds: Iterable[Phrase], value: Json) -> Phrase:
    """Return the sentence for a value of the wrong kind."""
    wanted = list(dict.fromkeys(kinds))
    if KINDS["float_type"] in wanted:
        wanted = [kind for kind in wanted if kind is not KINDS["int_type"]]
    found = _kind(value)
    en, zh = " or ".join(kind.en for kind in wanted), "或".join(kind.zh for kind in wanted)
    return Phrase(f"must be {en}, not {found.en}", f"应为{zh}，而不是{found.zh}")


def choices(details: ErrorDetails) -> list[str]:
    """Return the words that a `literal_error` allows."""
    return re.findall(r"'([^']*)'", str(_context(details).get("expected", "")))


def problem(details: ErrorDetails) -> Phrase:
    """Return the sentence for any other error."""
    context = _context(details)
    kind = details["type"]
    if kind == "literal_error":
        words = ", ".join(choices(details))
        return Phrase(f"must be one of {words}", f"应为以下之一：{words}")
    if kind == "string_pattern_mismatch" and context.get("pattern") in FORMS:
        return FORMS[str(context["pattern"])]
    if (kind == "missing" and isinstance(details["loc"][-1], int)) or context.get("field_type") == "Tuple":
        return PAIR
    if kind in LIMITS:
        name, en, zh = LIMITS[kind]
        return Phrase(en.format(context[name]), zh.format(context[name]))
    said = details["msg"][:1].lower() + details["msg"][1:]
    return Phrase(said, said)


def _context(details: ErrorDetails) -> dict[str, Any]:
    return details.get("ctx", {})


def _kind(value: Json) -> Phrase:
    match value:
        case None:
            return Phrase("empty", "空值")
        case bool():
            return Phrase("a boolean", "布尔值")
        case int():
            return Phrase("a whole number", "整数")
        case float():
            return Phrase("a decimal number", "小数")
        case str():
            return Phrase("a text", "文本")
        case list():
            return Phrase("a list", "列表")
        case dict():
            return Phrase("a mapping", "映射")
