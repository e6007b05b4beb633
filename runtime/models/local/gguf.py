"""The header of a GGUF file, read in pure Python before any native code sees the file.

Every count, length and offset is held against a limit and against the file's size, so that the native loader, which has
a history of trusting them (CVE-2024-21802, -21825, -21836, -23496, -23605), only meets plausible files. Nothing is
executed; arrays are skipped, not kept. Format: <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>.
"""

from __future__ import annotations

import hashlib
import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, cast

from ..errors import ModelFileInvalid

__all__ = ["Header", "digest", "read_header"]

Scalar = bool | int | float | str

_SCALARS: Final = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_STRING, _ARRAY = 8, 9
# Tensor type -> (elements, bytes) of a block; a type that is not here is checked by its offset alone.
_BLOCKS: Final = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 36),
    10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292), 20: (32, 18),
    23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8), 30: (1, 2), 39: (32, 17),
}  # fmt: skip
_MAX_KEYS, _MAX_TENSORS, _MAX_KEY, _MAX_STRING, _MAX_ITEMS = 4096, 65_536, 1024, 4 << 20, 4 << 20
_MAX_TYPE = 64
AGAIN: Final = "Download the file again, or convert the model again."


@dataclass(frozen=True, kw_only=True, slots=True)
class Header:
    """What is known of a model before it is loaded.

    Args:
        version: GGUF version, 2 or 3.
        size: Bytes of the file.
        tensors: Number of tensors.
        metadata: Scalars and strings by key; an array is represented by its length under `<key>.length`.
    """

    version: int
    size: int
    tensors: int
    metadata: dict[str, Scalar]

    def text(self, key: str) -> str | None:
        """Return a string value, or None."""
        value = self.metadata.get(key)
        return value if isinstance(value, str) else None

    def number(self, key: str) -> int | None:
        """Return an integer value, or None."""
        value = self.metadata.get(key)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    @property
    def architecture(self) -> str:
        """The model family, such as `llama`."""
        return self.text("general.architecture") or ""

    @property
    def context_length(self) -> int | None:
        """Tokens of the window that the model was trained with."""
        return self.number(f"{self.architecture}.context_length")

    @property
    def embedding_length(self) -> int | None:
        """Width of the hidden state."""
        return self.number(f"{self.architecture}.embedding_length")

    @property
    def vocabulary(self) -> int | None:
        """Number of tokens."""
        return self.number("tokenizer.ggml.tokens.length")

    @property
    def chat_template(self) -> str | None:
        """The Jinja source of the chat template: untrusted, to be rendered in a sandbox only."""
        return self.text("tokenizer.chat_template")


def digest(path: Path) -> str:
    """Return the file's SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_header(path: Path) -> Header:
    """Read and check a GGUF file's header.

    Raises:
        ModelFileInvalid: It is no GGUF file of a version that is understood, or its header is not plausible.
    """
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            return _Parser(file, size, str(path)).header()
    except OSError as error:
        fix = "Name a GGUF file that this user may read under options.path in models.yaml."
        raise ModelFileInvalid(f"The model file cannot be read: {error.strerror}.", where=str(path), fix=fix) from error


class _Parser:
    def __init__(self, file: BinaryIO, size: int, where: str) -> None:
        self._file = file
        self._size = size
        self._where = where

    def header(self) -> Header:
        magic = self._file.read(4)
        if magic != b"GGUF":
            raise self._fail(f"The file is not a GGUF model: it begins with {magic!r}.", _hint(magic))
        version = self._int("<I")
        if version & 0xFFFF == 0:
            raise self._fail("The GGUF file is big-endian.", "Convert it on a little-endian machine.")
        if version not in (2, 3):
            raise self._fail(f"GGUF version {version} is not understood; 2 and 3 are.")
        tensors = self._count(_MAX_TENSORS, "tensors")
        keys = self._count(_MAX_KEYS, "metadata keys")
        metadata: dict[str, Scalar] = {}
        for _ in range(keys):
            self._entry(metadata)
        self._tensors(tensors, metadata)
        header = Header(version=version, size=self._size, tensors=tensors, metadata=metadata)
        if not header.architecture.isidentifier() and not header.architecture.replace("-", "_").isidentifier():
            raise self._fail("The metadata names no architecture.")
        return header

    def _entry(self, metadata: dict[str, Scalar]) -> None:
        key = self._string(_MAX_KEY, "a metadata key")
        if not key or key in metadata:
            raise self._fail(f"Metadata key {key[:60]!r} is empty or twice there.")
        kind = self._int("<I")
        if kind == _ARRAY:
            metadata[f"{key}.length"] = self._skip_array(key)
        else:
            metadata[key] = self._scalar(kind, key)

    def _scalar(self, kind: int, key: str) -> Scalar:
        if kind == _STRING:
            return self._string(_MAX_STRING, f"the value of {key!r}")
        if (form := _SCALARS.get(kind)) is None:
            raise self._fail(f"Metadata key {key[:60]!r} has the unknown type {kind}.")
        (value,) = cast("tuple[bool | int | float]", struct.unpack(form, self._take(struct.calcsize(form))))
        return value

    def _skip_array(self, key: str) -> int:
        kind = self._int("<I")
        count = self._count(_MAX_ITEMS, f"items in {key[:60]!r}")
        if kind == _STRING:
            for _ in range(count):
                self._skip(self._count(_MAX_STRING, "bytes in a string"))
        elif form := _SCALARS.get(kind):
            self._skip(count * struct.calcsize(form))
        else:
            raise self._fail(f"Array {key[:60]!r} has the unknown type {kind}.")
        return count

    def _tensors(self, count: int, metadata: dict[str, Scalar]) -> None:
        alignment = metadata.get("general.alignment", 32)
        if not isinstance(alignment, int) or not 8 <= alignment <= 1 << 20 or alignment & (alignment - 1):
            raise self._fail(f"The alignment {alignment!r} is not plausible.")
        end = 0
        for _ in range(count):
            end = max(end, self._tensor(alignment))
        start = -(-self._file.tell() // alignment) * alignment
        if start + end > self._size:
            raise self._fail(f"The file is cut short: its tensors need {start + end} bytes, it has {self._size}.")

    def _tensor(self, alignment: int) -> int:
        name = self._string(_MAX_KEY, "a tensor name")
        rank = self._int("<I")
        if not 1 <= rank <= 4:
            raise self._fail(f"Tensor {name[:60]!r} has {rank} dimensions.")
        shape = [self._int("<Q") for _ in range(rank)]
        kind, offset = self._int("<I"), self._int("<Q")
        elements = math.prod(shape)
        if not elements or elements >= 1 << 62 or kind > _MAX_TYPE or offset % alignment or offset >= 1 << 62:
            raise self._fail(f"Tensor {name[:60]!r} has no plausible shape, type or offset.")
        per_block, block = _BLOCKS.get(kind, (0, 0))
        if per_block and shape[0] % per_block:
            raise self._fail(f"Tensor {name[:60]!r} has rows that are no whole number of blocks.")
        return offset + (elements // per_block * block if per_block else 0)

    def _string(self, limit: int, what: str) -> str:
        raw = self._take(self._count(limit, f"bytes in {what}"))
        try:
            return raw.decode()
        except UnicodeDecodeError as error:
            raise self._fail(f"{what[0].upper()}{what[1:]} is not UTF-8.") from error

    def _count(self, limit: int, what: str) -> int:
        value = self._int("<Q")
        if value > limit:
            raise self._fail(f"The header announces {value} {what}; the limit is {limit}.")
        return value

    def _int(self, form: str) -> int:
        (value,) = cast("tuple[int]", struct.unpack(form, self._take(struct.calcsize(form))))
        return value

    def _take(self, count: int) -> bytes:
        data = self._file.read(count)
        if len(data) < count:
            raise self._fail("The file is cut short: it ends inside its header.")
        return data

    def _skip(self, count: int) -> None:
        if self._file.seek(count, 1) > self._size:
            raise self._fail("The file is cut short: it ends inside its header.")

    def _fail(self, message: str, fix: str = AGAIN) -> ModelFileInvalid:
        return ModelFileInvalid(message, where=self._where, fix=fix)


def _hint(magic: bytes) -> str:
    known = {
        b"PK\x03\x04": "It is a zip file (PyTorch weights?); convert it with llama.cpp's convert_hf_to_gguf.py.",
        b"vers": "It is a Git LFS pointer; fetch the file that it points at.",
        b"<!DO": "It is a web page, probably an error page saved in place of the model; download it again.",
        b"<htm": "It is a web page, probably an error page saved in place of the model; download it again.",
    }
    return known.get(magic, "Give a file with the suffix .gguf.")
