"""YAML's own errors and forbidden characters, said in words that an author of an app can act on."""

from __future__ import annotations

import re

import yaml

from ..diagnostics import Diagnostic
from .finding import Phrase, finding

__all__ = ["forbidden", "syntax_error"]

FORBIDDEN = re.compile(r"[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")

COLON = Phrase(
    '": " cannot stand here; quote a text that contains it, or check the indentation',
    '此处不能出现 ": "；请给含有它的文本加引号，或检查缩进',
)
TAB = Phrase("a tab cannot indent; use spaces", "不能用制表符缩进；请使用空格")
NO_COLON = Phrase('a key needs ": " after it', '键的后面需要 ": "')
QUOTE = Phrase("the quotation mark that opens here is not closed", "此处的引号没有闭合")
OPEN = Phrase("the bracket that opens here is not closed", "此处的括号没有闭合")
COMMA = Phrase("a comma or a closing bracket is missing before this", "此处之前缺少逗号或右括号")
INDENT = Phrase("the indentation does not fit the lines above", "缩进与上文不一致")
ESCAPE = Phrase("a text in double quotes has an unknown escape", "双引号文本中有未知的转义")

# What the parser says → what we say, and whether the place is where the construct began.
KNOWN: dict[str, tuple[Phrase, bool]] = {
    "mapping values are not allowed": (COLON, False),
    "could not find expected ':'": (NO_COLON, True),
    "found unexpected end of stream": (QUOTE, True),
    "did not find expected ',' or": (COMMA, False),
    "did not find expected key": (INDENT, False),
    "did not find expected '-' indicator": (INDENT, False),
    "found unknown escape": (ESCAPE, False),
    "invalid Unicode character escape": (ESCAPE, False),
    "did not find expected hexdecimal number": (ESCAPE, False),
}


def syntax_error(error: yaml.YAMLError, text: str, file: str) -> Diagnostic:
    """Return BG101 for an error of the parser."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return finding("BG101", "", {"problem": str(error)}, file=file)
    problem, from_start = _problem(error, text)
    mark = error.context_mark if from_start and error.context_mark else error.problem_mark or error.context_mark
    made = finding("BG101", "", {"problem": problem}, file=file)
    return made.at(mark.line + 1, mark.column + 1) if mark else made


def forbidden(text: str, file: str) -> Diagnostic | None:
    """Return BG101 for the first character that may not stand in a file, if any."""
    found = FORBIDDEN.search(text)
    if not found:
        return None
    code = ord(found[0])
    problem = Phrase(
        f"the invisible character U+{code:04X} is not allowed; delete it, or write it as an escape in double quotes",
        f"不允许出现不可见字符 U+{code:04X}；请删除它，或在双引号内写作转义",
    )
    line = text.count("\n", 0, found.start()) + 1
    column = found.start() - text.rfind("\n", 0, found.start())
    return finding("BG101", "", {"problem": problem}, file=file).at(line, column)


def _problem(error: yaml.MarkedYAMLError, text: str) -> tuple[Phrase | str, bool]:
    said = error.problem or error.context or "it cannot be read"
    mark = error.problem_mark
    lines = text.split("\n")
    line = lines[mark.line] if mark and mark.line < len(lines) else ""
    if said.startswith("found character that cannot start"):
        return _bad_start(line[mark.column :] if mark else ""), False
    if said.startswith("did not find expected ',' or") and mark and mark.line >= len(text.rstrip().split("\n")):
        return OPEN, True
    for start, known in KNOWN.items():
        if start in said:
            return known
    return said, False


def _bad_start(rest: str) -> Phrase:
    if rest.startswith("\t"):
        return TAB
    char = rest[:1]
    return Phrase(f"a text cannot start with {char!r}; quote it", f"文本不能以 {char!r} 开头；请加引号")
