"""`embeddings`: vectors as numbers or, as openai-python asks by default, as base64 of little-endian float32."""

from __future__ import annotations

import base64
import struct
from collections.abc import Sequence
from typing import Final

from ...base.errors import Json
from ...models.embedding import Embedded
from ..errors import ParameterInvalid
from .bodies import EmbeddingsBody
from .requests import refuse_unknown

__all__ = ["answer_of", "texts_of"]

MOST: Final = 2048


def texts_of(body: EmbeddingsBody) -> list[str]:
    """Return the texts that a body brings.

    Raises:
        ParameterInvalid: It brings none, too many, or tokens.
    """
    refuse_unknown(body)
    given = [body.input] if isinstance(body.input, str) else body.input
    texts = [one for one in given if isinstance(one, str)]
    if len(texts) < len(given):
        raise ParameterInvalid(
            "Tokens say nothing to a model with another tokenizer: send texts. In langchain-openai, set "
            "check_embedding_ctx_length=False.",
            where="input",
        )
    if not 0 < len(texts) <= MOST or not all(texts):
        raise ParameterInvalid(f"Between 1 and {MOST} texts that are not empty can be embedded at once.", where="input")
    return texts


def answer_of(body: EmbeddingsBody, found: Embedded) -> dict[str, Json]:
    """Return the answer.

    Raises:
        ParameterInvalid: It demands a dimension that the model does not have.
    """
    dimension = len(found.vectors[0])
    if body.dimensions not in (None, dimension):
        raise ParameterInvalid(f"The model's vectors have the dimension {dimension}.", where="dimensions")
    as_text = body.encoding_format == "base64"
    data: list[Json] = [
        {"object": "embedding", "index": place, "embedding": _base64(vector) if as_text else [*vector]}
        for place, vector in enumerate(found.vectors)
    ]
    usage: dict[str, Json] = {"prompt_tokens": found.tokens, "total_tokens": found.tokens}
    return {"object": "list", "data": data, "model": body.model, "usage": usage}


def _base64(vector: Sequence[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
