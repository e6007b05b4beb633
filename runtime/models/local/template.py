"""Chat templates of model files, rendered in a sandbox and with a fence around what people and documents wrote.

A GGUF file brings its chat template as Jinja source: untrusted code from whoever made the file. It is rendered in the
immutable sandbox, with plain data only, with the operators that make giants capped and the output counted; and it runs
in the model's own process, where a deadline of the parent ends what a sandbox cannot (loops in loops).

The fence: a rendered prompt is tokenised with control tokens such as `<|im_end|>` switched on, so a message that
contains that text could close its own turn and speak as `system`. Occurrences in messages are therefore replaced by
private-use characters before rendering, and afterwards tokenised as the plain text that they are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NoReturn, cast

import jinja2
import jinja2.ext
import jinja2.nodes
import jinja2.parser
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from ...base.errors import Json
from ..errors import TemplateFailed

__all__ = ["ChatTemplate", "Piece"]

Piece = tuple[str, bool]
"""A stretch of the prompt, and whether control tokens are read in it."""

_MAX_SOURCE, _MAX_OUTPUT, _MAX_REPEAT = 256 << 10, 8 << 20, 4096
_FENCE: Final = 0xF0000  # supplementary private use area A
_FENCE_END: Final = 0xF1000


class _Generation(jinja2.ext.Extension):
    """`{% generation %}…{% endgeneration %}` of Hugging Face marks text for training; here it is only its text."""

    tags = {"generation"}

    def parse(self, parser: jinja2.parser.Parser) -> list[jinja2.nodes.Node]:
        """Return the block's body."""
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


class _Sandbox(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset(("*", "**", "%"))

    def call_binop(self, context: jinja2.runtime.Context, operator: str, left: Any, right: Any) -> Any:  # noqa: ANN401
        """Refuse powers, and products and formats that grow without need."""
        sized = isinstance(left, str | list | tuple) or isinstance(right, str | list | tuple)
        if operator == "**" or (operator == "%" and isinstance(left, str)):
            raise SecurityError(f"operator {operator} is not for templates")
        if (
            operator == "*"
            and sized
            and max(_magnitude(cast("object", left)), _magnitude(cast("object", right))) > _MAX_REPEAT
        ):
            raise SecurityError("a repetition is too large")
        return super().call_binop(context, operator, left, right)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:  # noqa: ANN401
        """Also deny the string methods whose width argument makes giants."""
        giants = {"center", "expandtabs", "ljust", "rjust", "zfill"}
        return not (isinstance(obj, str) and attr in giants) and super().is_safe_attribute(obj, attr, value)

    def wrap_str_format(self, value: object) -> None:
        """Deny `format` and `format_map`, which Jinja would wrap; a field's width makes giants too."""
        if getattr(value, "__name__", None) in {"format", "format_map"} and isinstance(
            getattr(value, "__self__", None), str
        ):
            raise SecurityError("str.format is not for templates")


class ChatTemplate:
    """A compiled chat template.

    Args:
        source: Its Jinja source.
        bos: Text of the begin-of-sequence token.
        eos: Text of the end-of-sequence token.
        controls: Texts of all control tokens of the vocabulary.

    Raises:
        TemplateFailed: The source is too long or no Jinja.
    """

    def __init__(self, source: str, *, bos: str = "", eos: str = "", controls: Sequence[str] = ()) -> None:
        if len(source) > _MAX_SOURCE:
            raise TemplateFailed(f"The chat template has {len(source)} characters; the limit is {_MAX_SOURCE}.")
        environment = _Sandbox(trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, jinja2.ext.loopcontrols])
        filters, names = cast("tuple[dict[str, object], dict[str, object]]", (environment.filters, environment.globals))
        for name in ("center", "format", "indent", "wordwrap", "xmlattr", "urlize"):
            filters.pop(name, None)
        for name in ("lipsum", "cycler", "joiner"):
            names.pop(name, None)
        filters["tojson"] = _to_json
        self._fixed: dict[str, Any] = {
            "bos_token": bos,
            "eos_token": eos,
            "raise_exception": _refuse,
            "strftime_now": _now,
        }
        self._controls = sorted({text for text in controls if text}, key=len, reverse=True)[: _FENCE_END - _FENCE]
        self._pattern = re.compile("|".join(map(re.escape, self._controls)) or r"(?!)")
        self._places = {text: index for index, text in enumerate(self._controls)}
        try:
            self._template = environment.from_string(source)
        except jinja2.TemplateError as error:
            raise TemplateFailed(f"The chat template cannot be read: {error}.") from error

    def render(self, messages: Sequence[Mapping[str, Json]], tools: Sequence[Json] = ()) -> list[Piece]:
        """Return the prompt for `messages`, ready for the assistant's turn.

        Args:
            messages: The conversation.
            tools: Tools in the form of OpenAI, for a template that knows tools.

        Raises:
            TemplateFailed: The template failed, refused the messages or asked for too much.
        """
        data = self._fixed | {
            "messages": [self._shield(dict(message)) for message in messages],
            "tools": [self._shield(tool) for tool in tools] or None,
            "documents": None,
            "add_generation_prompt": True,
        }
        text, length = list[str](), 0
        try:
            for part in self._template.generate(data):
                length += len(part)
                if length > _MAX_OUTPUT:
                    raise TemplateFailed(f"The rendered prompt is longer than {_MAX_OUTPUT} characters.")
                text.append(part)
        except (jinja2.TemplateError, ArithmeticError, LookupError, TypeError, ValueError, RecursionError) as error:
            raise TemplateFailed(f"The chat template failed: {error}.") from error
        return self._split("".join(text))

    def _shield(self, value: Json) -> Json:
        match value:
            case str():
                clean = re.sub(f"[{chr(_FENCE)}-{chr(_FENCE_END)}]", "\ufffd", value)
                return self._pattern.sub(lambda found: chr(_FENCE + self._places[found.group()]), clean)
            case list():
                return [self._shield(item) for item in value]
            case dict():
                return {str(self._shield(key)): self._shield(item) for key, item in value.items()}
            case _:
                return value

    def _split(self, text: str) -> list[Piece]:
        """Cut at the fence characters; each becomes the text that it stands for, without its power."""
        pieces = list[Piece]()
        for index, part in enumerate(re.split(f"([{chr(_FENCE)}-{chr(_FENCE_END - 1)}])", text)):
            if index % 2:
                pieces.append((self._controls[ord(part) - _FENCE], False))
            elif part:
                pieces.append((part, True))
        return pieces


def _now(form: str) -> str:
    return datetime.now(UTC).astimezone().strftime(form)


def _magnitude(value: object) -> int:
    match value:
        case int():
            return abs(value)
        case str() | list() | tuple():
            return len(cast("str", value))
        case _:
            return 0


def _to_json(value: object, indent: int | None = None, *, ensure_ascii: bool = False) -> str:
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=min(indent, 8) if indent else None)


def _refuse(message: str) -> NoReturn:
    raise jinja2.TemplateRuntimeError(str(message)[:500])
