"""The library's words in the language's words."""

from __future__ import annotations

import re
from collections.abc import Callable

__all__ = ["operator", "reword_evaluation", "reword_syntax", "reword_types"]

_OPERATORS = {
    "_?_:_": "? :",
    "_[_]": "[ ]",
    "_[?_]": "[? ]",
    "_?._": ".?",
    "@in": "in",
    "!_": "!",
    "-_": "-",
    "math.@max": "math.greatest",
    "math.@min": "math.least",
}
_TYPES = {
    "int": "integer",
    "int64": "integer",
    "uint64": "unsigned",
    "uint": "unsigned",
    "double": "number",
    "bool": "boolean",
    "dyn": "json",
    "null_type": "null",
    "google.protobuf.Timestamp": "timestamp",
    "google.protobuf.Duration": "duration",
    "*error*": "…",
}
_GENERICS = {"wrapper": "optional", "optional_type": "optional"}
_WORD = re.compile(r"\*error\*|[A-Za-z_][\w.]*|[(),]|[^\w(),*]+|.")
_RUNTIME = (
    (re.compile(r'Key not found in map : "?(.*?)"?$'), r"there is no '\1'"),
    (re.compile(r"Index error: index=(-?\d+) size=(\d+)"), r"item \1 is outside a list of \2 (they count from 0)"),
    (re.compile(r"Applying SELECT to non-message type"), "a field is read from something that has no fields"),
    (re.compile(r"Invalid container type: '(\w+)'"), r"a \1 has no items; only lists and maps do"),
    (re.compile(r"String to Timestamp conversion failed"), "the text is no timestamp (as 2024-05-01T06:00:00Z)"),
    (re.compile(r"String to Duration conversion failed"), "the text is no duration (as 90s or 1h30m)"),
    (re.compile(r"Iteration budget exceeded"), "it goes through more than 10,000 items"),
    (re.compile(r"Integer value '(-?\d+)' out of range.*"), r"the integer \1 is outside 64 bits"),
    (re.compile(r"Unable to convert function return value"), "its result may be absent; append .orValue(…)"),
    (re.compile(r"undeclared reference to '(.+?)'.*"), r"there is no function '\1'"),
    (re.compile(r'No value with name "(\w+)" found.*'), r"there is no '\1'"),
)
_OVERLOAD = re.compile(r"[Nn]o matching overloads? found : (.+?)\((.*)\)$")


def operator(function: str) -> str:
    """Return how a function or operator is written: `+` for `_+_`."""
    return _OPERATORS.get(function) or re.sub(r"^_(.+)_$", r"\1", function)


def reword_types(text: str, record: Callable[[str], str] = str) -> str:
    """Return the library's type names, as in `(double, list(int))`, in the language's words.

    Args:
        text: The library's text.
        record: Gives the name of the record behind a message's name.
    """
    opened: list[str] = []
    done = ""
    words: list[str] = _WORD.findall(text)
    for at, word in enumerate(words):
        if word == "(":
            generic = at > 0 and re.fullmatch(r"[A-Za-z_][\w.]*", words[at - 1]) is not None
            opened.append(">" if generic else ")")
            done += "<" if generic else "("
        elif word == ")":
            done += opened.pop() if opened else ")"
        else:
            done += _TYPES.get(word) or _GENERICS.get(word) or (record(word) if "." in word else word)
    return done.replace("map<string, ", "map<")


def reword_syntax(text: str) -> str:
    """Return what a syntax error means."""
    text = text.removeprefix("Syntax error: ")
    if text.startswith("token recognition error at: "):
        token = text.split(": ", 1)[1].strip()[1:-1]
        return "a text in quotes is not closed" if token[:1] in "'\"" else f"{token[:20]!r} has no meaning here"
    if match := re.match(r"(?:mismatched|extraneous) input '<EOF>'", text):
        return "it ends too early"
    if match := re.match(r"(?:mismatched|extraneous) input '(.*?)' expecting", text):
        return f"{match[1]!r} is not expected here"
    if match := re.match(r"no viable alternative at input '\.(\w+)'", text):
        return f"{match[1]!r} is a word of the language; write .`{match[1]}`"
    if match := re.match(r"reserved identifier: (\w+)", text):
        return f"{match[1]!r} is a reserved word"
    return text.split(" expecting {")[0]


def reword_evaluation(text: str) -> str:
    """Return what an error of an evaluation means."""
    text = re.sub(r"^(?:[A-Z_]+: )+", "", text)
    text = re.sub(r" \[[A-Z_]+\]$", "", text)
    if match := _OVERLOAD.search(text):
        return f"{operator(match[1])} does not work on ({reword_types(match[2])})"
    for pattern, meaning in _RUNTIME:
        if match := pattern.search(text):
            return match.expand(meaning)
    return text
