"""What a bundle's document says without compiling it."""

from __future__ import annotations

from functools import lru_cache
from typing import cast

from agents.spec import Bundle, Document, parse_app, read_document
from agents.spec.document import Bilingual

from ..base.errors import Json

__all__ = ["describe_inputs", "describe_outputs", "read_app", "texts"]


@lru_cache(maxsize=128)
def read_app(bundle: Bundle) -> Document | None:
    """Return the document of a bundle, or None when its shape is wrong."""
    parsed = parse_app(bundle.app_text)
    return read_document(parsed.data, parsed.positions)[0] if parsed.data is not None else None


def texts(text: str | Bilingual | None) -> dict[str, Json] | None:
    """Return a label as `{en, zh}`; one that is a single text reads the same in both languages."""
    if text is None:
        return None
    return {"en": text, "zh": text} if isinstance(text, str) else {"en": text.en, "zh": text.zh}


def describe_inputs(document: Document) -> list[Json]:
    """Return what a form needs of each input: `{name, type, required, default, label, description, choices}`."""
    found: list[Json] = []
    for name, spec in document.inputs.items():
        dumped = spec.model_dump(mode="json")
        optional = str(dumped["type"]).startswith("optional<")
        found.append(
            {
                "name": name,
                "type": dumped["type"],
                "required": not optional and dumped.get("default") is None,
                "default": dumped.get("default"),
                "label": texts(spec.label),
                "description": texts(spec.description),
                "choices": cast("Json", dumped.get("choices")),
            }
        )
    return found


def describe_outputs(document: Document) -> list[Json]:
    """Return `{name, type, label}` of each output."""
    return [
        {"name": name, "type": str(spec.type), "label": texts(spec.label)} for name, spec in document.outputs.items()
    ]
