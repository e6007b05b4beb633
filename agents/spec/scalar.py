"""Plain scalars of the YAML 1.2 core schema: what a bare word means, and how a value is spelled.

Source: YAML 1.2.2, section 10.3.2. Two limits are stricter: numbers are finite, and integers are those that a
browser holds exactly (53 bits), so that the same text means the same everywhere.
"""

from __future__ import annotations

import json
import math
import re

__all__ = ["MERGE", "Scalar", "ambiguous", "exact", "quote", "resolve", "spell"]

Scalar = bool | int | float | str | None

MERGE = "<<"
LARGEST = 2**53 - 1
CONSTANTS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
TRUE_1_1 = frozenset({"yes", "on"})
FALSE_1_1 = frozenset({"no", "off"})
NUMERIC = frozenset("+-.0123456789")
INTEGER = re.compile(r"[-+]?[0-9]+\Z")
RADIX = re.compile(r"0(?:o[0-7]+|x[0-9a-fA-F]+)\Z")
FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
SPECIAL = re.compile(r"(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z")
DIGITS = 400
"""More digits than any finite number needs."""

# Visible characters beyond ASCII: no spaces, no line separators, no controls that change a line's direction.
WIDE = (
    r"\u00a1-\u167f\u1681-\u1fff\u2010-\u2027\u2030-\u205e\u2070-\u2fff\u3001-\ud7ff"
    r"\ue000-\ufefe\uff00-\uffef\ufffc\ufffd\U00010000-\U0010ffff"
)
# A bare word has no indicator anywhere, so that it reads the same inside a list or map; in a phrase, no operators.
FIRST = re.compile(f"[A-Za-z0-9_/{WIDE}]")
WORD = re.compile(f"[A-Za-z0-9_/.<>+@%()=~$;?!*&|^'\\-{WIDE}]+")
PHRASE = re.compile(f"[A-Za-z0-9_/.()'\\-{WIDE}]+(?: [A-Za-z0-9_/.()'\\-{WIDE}]+)+")
# What a YAML 1.1 reader would take for a number, a time or a date.
LOOKALIKE = re.compile(r"[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?\Z|0[boxBOX]|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}")
UNSAFE = re.compile(f"[^\\x20-\\x7e\\u3000{WIDE}]")


def resolve(text: str) -> Scalar:
    """Return the value of a plain scalar; numbers beyond all limits come back as infinity."""
    if text in CONSTANTS:
        return CONSTANTS[text]
    if text[0] not in NUMERIC:
        return text
    if INTEGER.match(text):
        return int(text) if len(text) <= DIGITS else math.inf
    if RADIX.match(text):
        return int(text, 0) if len(text) <= DIGITS else math.inf
    if FLOAT.match(text):
        return float(text)
    return float(text.lower().replace(".", "")) if SPECIAL.match(text) else text


def exact(value: Scalar) -> bool:
    """Whether the value is finite and, as an integer, the same in every reader."""
    if isinstance(value, float):
        return math.isfinite(value)
    return not isinstance(value, int) or abs(value) <= LARGEST


def ambiguous(text: str) -> bool | None:
    """Return the boolean that a bare word was in YAML 1.1 and is no longer, or None."""
    if len(text) > len("yes"):
        return None
    word = text.lower()
    return True if word in TRUE_1_1 else False if word in FALSE_1_1 else None


def spell(value: Scalar) -> str:
    """Return the value's one canonical spelling on one line."""
    if isinstance(value, str):
        return value if _bare(value) else quote(value)
    if isinstance(value, float):
        return repr(value)
    return json.dumps(value)


def quote(text: str) -> str:
    r"""Return the text in double quotes; what is invisible or breaks lines is written as an escape."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{UNSAFE.sub(_escape, escaped)}"'


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _bare(text: str) -> bool:
    if not text or ambiguous(text) is not None or LOOKALIKE.match(text) or resolve(text) is not text:
        return False
    return FIRST.match(text) is not None and (WORD.fullmatch(text) or PHRASE.fullmatch(text)) is not None
