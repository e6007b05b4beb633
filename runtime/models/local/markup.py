"""How models that know tools write their calls: the markup that their chat template was made for.

Three are known. Hermes and Qwen write `<tool_call>`, `{"name": …, "arguments": {…}}` and `</tool_call>` on three lines
for each call, behind a text or instead of one; Mistral writes `[TOOL_CALLS] [{"name": …, "arguments": {…}}]`; Llama 3
writes nothing but `{"name": …, "parameters": {…}}`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from ..errors import AnswerCut
from .grammar import Compiled, compile_schema
from .terminals import literal
from .toolschema import Tool, call_schema

__all__ = ["HERMES", "LLAMA", "MARKUPS", "MISTRAL", "Called", "Markup", "detect", "read_calls", "tool_grammar"]

MOST: Final = 8
"""Calls of one answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Markup:
    """How calls are written.

    Args:
        name: Whose it is.
        start: What no text contains; empty where a call is an object and a text begins with something else.
        before: GBNF between `start` and the first object.
        between: GBNF between two objects; empty where there is one call only.
        after: GBNF behind the last object.
        arguments: The key of the arguments.
    """

    name: str
    start: str
    before: str = ""
    between: str = ""
    after: str = ""
    arguments: str = "arguments"


HERMES: Final = Markup(
    name="hermes",
    start="<tool_call>",
    before=r'"\n"',
    between=r'"\n</tool_call>\n<tool_call>\n"',
    after=r'"\n</tool_call>"',
)
MISTRAL: Final = Markup(name="mistral", start="[TOOL_CALLS]", before='" "? "["', between='", "', after='"]"')
LLAMA: Final = Markup(name="llama", start="", arguments="parameters")
MARKUPS: Final = {markup.name: markup for markup in (HERMES, MISTRAL, LLAMA)}


@dataclass(frozen=True, slots=True)
class Called:
    """A call that a model has written; `arguments` is JSON."""

    name: str
    arguments: str


def detect(template: str | None) -> Markup | None:
    """Return the markup of a chat template that handles tools itself, or None."""
    if not template or "tools" not in template:
        return None
    if "<tool_call>" in template and not any(other in template for other in ("<function=", "<arg_key>")):
        return HERMES
    if "[TOOL_CALLS]" in template and "[ARGS]" not in template:
        return MISTRAL
    return LLAMA if '"parameters"' in template and "ipython" in template else None


def tool_grammar(markup: Markup, tools: Sequence[Tool], *, must: bool) -> Compiled:
    """Return the grammar of an answer: calls, or where none must be made also text, and calls behind it.

    Raises:
        SchemaUnsupported: The arguments of a tool cannot be turned into a grammar.
    """
    compiled = compile_schema(call_schema(tools, "name", markup.arguments))
    rules = [compiled.text.replace("root ::=", "call ::=", 1).rstrip("\n")]
    more = f"({markup.between} call){{0,{MOST - 1}}}" if markup.between else ""
    rules.append(" ".join(filter(None, ["calls ::=", markup.before, "call", more, markup.after])))
    if must:
        start = literal(markup.start) if markup.start else ""
        return Compiled("\n".join([f"root ::= {start} calls", *rules, ""]), compiled.reserve + 16, compiled.unenforced)
    if markup.start:
        rules += ["root ::= t0", *_text_before(markup.start)]
    else:
        rules.append(r"root ::= calls | ([^{ \t\n] [^\x00]*)?")
    return Compiled("\n".join([*rules, ""]), 0, compiled.unenforced)


def _text_before(start: str) -> list[str]:
    """Return rules for text up to `start`, behind which are calls; in `t<n>` its first n characters were just read."""
    rules = list[str]()
    letters = sorted(set(start))
    for length in range(len(start)):
        ways = list[str]()
        for letter in letters:
            read = start[:length] + letter
            follow = next(size for size in range(len(read), -1, -1) if start.startswith(read[len(read) - size :]))
            ways.append(f"{literal(letter)} {'calls' if follow == len(start) else f't{follow}'}")
        others = "".join("\\" + letter if letter in r"[]\^-" else letter for letter in letters)
        rules.append(f"t{length} ::= ({' | '.join(ways)} | [^{others}] t0)?")
    return rules


def read_calls(markup: Markup, answer: str) -> tuple[str, list[Called]]:
    """Return the text before the calls, and the calls.

    Raises:
        AnswerCut: The limit of tokens ended the answer inside a call.
    """
    place = answer.find(markup.start) if markup.start else (0 if answer.startswith("{") else -1)
    if place < 0:
        return answer, []
    calls, decoder, at = list[Called](), json.JSONDecoder(), place + len(markup.start)
    while (begin := answer.find("{", at)) >= 0:
        try:
            data, at = cast("tuple[dict[str, Any], int]", decoder.raw_decode(answer, begin))
        except ValueError as error:
            raise _cut() from error
        calls.append(Called(str(data["name"]), json.dumps(data[markup.arguments], ensure_ascii=False)))
    if not calls:
        raise _cut()
    return answer[:place], calls


def _cut() -> AnswerCut:
    return AnswerCut("The answer was cut inside a tool call.", fix="Raise max_tokens, or bound the tool's schema.")
