"""The few calls of llama.cpp that the engine needs, typed. The only module that touches `llama_cpp`.

The low-level functions are used, not `llama_cpp.Llama`: that class compiles the file's chat template as it starts,
keeps a table of context × vocabulary scores when log-probabilities are wanted (805 MB for SmolLM2), cannot be
interrupted, and masks the whole vocabulary for every token under a grammar. Import this module only in a model's own
process.
"""

from __future__ import annotations

import ctypes
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from ..errors import ModelError, ModelNotLoaded
from .vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Aborted", "Full", "Native", "Row"]

ABORTED, FULL = 2, 1


class Aborted(Exception):
    """The abort flag was set while the model computed."""


class Full(Exception):
    """There is no room left in the context for the batch."""


@dataclass(frozen=True, slots=True)
class Row:
    """One token of a batch: where it stands, in which sequence, and whether its logits are wanted."""

    token: int
    position: int
    sequence: int
    logits: bool = False


class Native:
    """A loaded model and its context.

    Args:
        path: The model file; its header has been checked.
        n_ctx: Tokens that all sequences together may hold.
        n_batch: Largest number of tokens of one `decode`.
        sequences: Number of sequences.
        threads: Compute threads.
        pooling: How llama.cpp makes one vector of many, for a model that embeds or ranks; None for one that answers.

    Raises:
        ModelNotLoaded: llama.cpp refused the file or the memory.
    """

    def __init__(
        self,
        path: str,
        *,
        n_ctx: int,
        n_batch: int,
        sequences: int,
        threads: int,
        pooling: int | None = None,
    ) -> None:
        from llama_cpp import llama_cpp

        self._lib = lib = cast("Any", llama_cpp)
        lib.llama_log_set(_keep(lib), None)
        lib.llama_backend_init()
        options = lib.llama_model_default_params()
        model = lib.llama_model_load_from_file(path.encode(), options)
        if not model:
            raise ModelNotLoaded("llama.cpp could not load the model; its reasons stand in `details.log`.", where=path)
        self._model = model
        settings = lib.llama_context_default_params()
        settings.n_ctx, settings.n_batch, settings.n_ubatch = n_ctx, n_batch, min(n_batch, 512)
        settings.n_seq_max, settings.kv_unified = sequences, True
        settings.n_threads = settings.n_threads_batch = threads
        settings.flash_attn_type = lib.LLAMA_FLASH_ATTN_TYPE_DISABLED
        settings.no_perf = True
        if pooling is not None:  # a text is computed at once, or its vector is one of its last part
            settings.embeddings, settings.pooling_type, settings.n_ubatch = True, pooling, n_batch
        self._flag = ctypes.create_string_buffer(2)
        # `bool abort(void *data)` is called between graph nodes on a compute thread. libc's strlen on a one-byte flag
        # is such a function: no Python runs there, so it costs nothing and needs no GIL.
        self._abort = ctypes.cast(ctypes.CDLL(None).strlen, lib.ggml_abort_callback)
        settings.abort_callback = self._abort
        settings.abort_callback_data = ctypes.cast(self._flag, ctypes.c_void_p)
        self._context = lib.llama_init_from_model(model, settings)
        if not self._context:
            raise ModelNotLoaded(f"There is no memory for a context of {n_ctx} tokens.", where=path)
        self._memory = lib.llama_get_memory(self._context)
        self.vocabulary = Vocabulary(lib, lib.llama_model_get_vocab(model))
        self.n_ctx = int(lib.llama_n_ctx(self._context))
        self.n_batch = n_batch
        self._batch = lib.llama_batch_init(n_batch, 0, 1)

    # -- computing ----------------------------------------------------------------------------------------------------

    def abort(self, stop: bool) -> None:
        """Set or clear the flag that ends `decode` within milliseconds. Any thread may call it."""
        self._flag[0] = b"\x01" if stop else b"\x00"

    @property
    def aborting(self) -> bool:
        """Whether the flag is set."""
        return self._flag[0] != b"\x00"

    def decode(self, rows: Sequence[Row]) -> None:
        """Compute `rows`, at most `n_batch`, and keep them in their sequences.

        Raises:
            Aborted: The flag was set; nothing of these rows counts.
            Full: The context has no room; nothing was changed.
            ModelError: llama.cpp failed.
        """
        batch = self._batch
        batch.n_tokens = len(rows)
        for index, row in enumerate(rows):
            batch.token[index], batch.pos[index] = row.token, row.position
            batch.n_seq_id[index], batch.seq_id[index][0] = 1, row.sequence
            batch.logits[index] = row.logits
        code: int = self._lib.llama_decode(self._context, batch)
        if code == ABORTED:
            raise Aborted
        if code == FULL:
            raise Full
        if code:
            raise ModelError(f"llama_decode failed with code {code}.")

    def logits(self, index: int) -> NDArray[np.float32]:
        """Return the logits of the batch's row `index` (−1 is the last): a view that the next `decode` overwrites."""
        pointer = self._lib.llama_get_logits_ith(self._context, index)
        if not pointer:
            raise ModelError("llama.cpp has no logits for that row.")
        return cast("NDArray[np.float32]", np.ctypeslib.as_array(pointer, shape=(self.vocabulary.size,)))

    @property
    def width(self) -> int:
        """Numbers of a vector."""
        return int(self._lib.llama_model_n_embd(self._model))

    def pooled(self, sequence: int, width: int) -> NDArray[np.float32]:
        """Return the `width` numbers of a sequence's vector: a view that the next `decode` overwrites."""
        pointer = self._lib.llama_get_embeddings_seq(self._context, sequence)
        if not pointer:
            raise ModelError("llama.cpp has no vector for that text.")
        return cast("NDArray[np.float32]", np.ctypeslib.as_array(pointer, shape=(width,)))

    def keep(self, sequence: int, length: int) -> bool:
        """Forget what a sequence holds from `length` on; False where the model cannot forget in part."""
        return bool(self._lib.llama_memory_seq_rm(self._memory, sequence, length, -1))

    def copy(self, source: int, target: int, length: int) -> None:
        """Let `target` share the first `length` tokens of `source`; nothing is computed or moved."""
        self._lib.llama_memory_seq_cp(self._memory, source, target, 0, length)

    def save(self, sequence: int, limit: int) -> NDArray[np.uint8] | None:
        """Return what a sequence holds, or None where that is more than `limit` bytes."""
        size: int = self._lib.llama_state_seq_get_size(self._context, sequence)
        if not 0 < size <= limit:
            return None
        try:
            data = np.empty(size, np.uint8)
        except MemoryError:
            return None
        done: int = self._lib.llama_state_seq_get_data(self._context, _bytes(data), size, sequence)
        return data if done == size else None

    def load(self, sequence: int, data: NDArray[np.uint8]) -> bool:
        """Let a sequence hold what `save` returned; False, and it holds nothing, where there is no room."""
        done: int = self._lib.llama_state_seq_set_data(self._context, _bytes(data), data.nbytes, sequence)
        if not done:
            self.keep(sequence, 0)
        return done > 0

    # -- grammar ------------------------------------------------------------------------------------------------------

    def grammar(self, text: str) -> Any:  # noqa: ANN401
        """Return a native grammar, or None where llama.cpp cannot read it."""
        return self._lib.llama_sampler_init_grammar(self.vocabulary.handle, text.encode(), b"root") or None

    def apply(self, grammar: Any, candidates: NDArray[np.void]) -> None:  # noqa: ANN401
        """Set the logit of every candidate that the grammar forbids to −∞."""
        lib = self._lib
        data = lib.llama_token_data_p.from_buffer(ctypes.c_void_p(candidates.ctypes.data))
        array = lib.llama_token_data_array(data=data, size=len(candidates), selected=-1, sorted=False)
        lib.llama_sampler_apply(grammar, ctypes.byref(array))

    def accept(self, grammar: Any, token: int) -> None:  # noqa: ANN401
        """Move the grammar past a token that it allows; one that it forbids would end the process."""
        self._lib.llama_sampler_accept(grammar, token)

    def free(self, grammar: Any) -> None:  # noqa: ANN401
        """Free a grammar."""
        self._lib.llama_sampler_free(grammar)


def _bytes(data: NDArray[np.uint8]) -> Any:  # noqa: ANN401
    return data.ctypes.data_as(ctypes.POINTER(ctypes.c_uint8))


_LOGGERS: Final = list[Any]()


def _keep(lib: Any) -> Any:  # noqa: ANN401
    """Return a log callback that writes warnings and errors to standard error.

    The one that `llama_cpp` installs reads the levels of an older llama.cpp: it prints what is of no interest and
    drops the errors.
    """
    loud = False

    def log(level: int, text: bytes, _: object) -> None:
        nonlocal loud
        loud = level in (3, 4) or (level == 5 and loud)  # warning, error, continuation
        if loud:
            sys.stderr.write(text.decode(errors="replace"))

    _LOGGERS.append(lib.llama_log_callback(log))
    return _LOGGERS[-1]


CANDIDATE: Final = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)], align=True)
"""Memory layout of `llama_token_data`."""
