"""A model's vocabulary: text to tokens, tokens to bytes, and the tokens that steer."""

from __future__ import annotations

import ctypes
from typing import Any, cast

from ..errors import ModelError

__all__ = ["Vocabulary"]


class Vocabulary:
    """The vocabulary of a loaded model.

    Args:
        lib: `llama_cpp.llama_cpp`.
        handle: The native vocabulary.
    """

    def __init__(self, lib: Any, handle: Any) -> None:  # noqa: ANN401 - foreign objects
        self._lib = lib
        self.handle = handle
        self.size = int(lib.llama_vocab_n_tokens(handle))
        steer: int = lib.LLAMA_TOKEN_ATTR_CONTROL | lib.LLAMA_TOKEN_ATTR_USER_DEFINED | lib.LLAMA_TOKEN_ATTR_UNKNOWN
        found = [token for token in range(self.size) if lib.llama_vocab_get_attr(handle, token) & steer]
        self.controls = [self.text(token) for token in found]
        """Texts that a tokeniser may read as tokens which steer the model."""
        self.ends = frozenset(token for token in found if lib.llama_vocab_is_eog(handle, token))
        """Tokens that end a generation."""
        tokens: tuple[int, int] = lib.llama_vocab_bos(handle), lib.llama_vocab_eos(handle)
        self.bos, self.eos = (self.text(token) if token >= 0 else "" for token in tokens)
        self.adds_bos = bool(lib.llama_vocab_get_add_bos(handle))

    @property
    def ends_of_texts(self) -> tuple[str, str, str]:
        """Texts of the tokens that begin, end and part texts where the model wants them; else they are empty."""
        lib, handle = self._lib, self.handle
        sep: int = lib.llama_vocab_sep(handle)
        return (
            self.bos if self.adds_bos else "",
            self.eos if lib.llama_vocab_get_add_eos(handle) else "",
            self.text(sep) if sep >= 0 and lib.llama_vocab_get_add_sep(handle) else "",
        )

    def tokenize(self, text: str, *, special: bool, begin: bool = False) -> list[int]:
        """Return the tokens of `text`.

        Args:
            text: Any text.
            special: Whether texts of control tokens are read as these tokens.
            begin: Whether to add what the model wants at the beginning (and, for some, at the end).
        """
        raw = text.encode()
        room = len(raw) + 8
        tokens = (ctypes.c_int32 * room)()
        count: int = self._lib.llama_tokenize(self.handle, raw, len(raw), tokens, room, begin, special)
        if count < 0:
            raise ModelError("The text could not be tokenised.")
        return list(tokens[:count])

    def piece(self, token: int) -> bytes:
        """Return the token's bytes; none for control tokens."""
        size = 256
        while True:
            buffer = ctypes.create_string_buffer(size)
            count: int = self._lib.llama_token_to_piece(self.handle, token, buffer, size, 0, False)
            if count >= 0:
                return buffer.raw[:count]
            size = -count

    def text(self, token: int) -> str:
        """Return how the vocabulary writes a token; for one that steers the model, its name."""
        return cast("bytes", self._lib.llama_vocab_get_text(self.handle, token)).decode(errors="replace")
