from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest

from runtime.models.errors import ModelFileInvalid
from runtime.models.local.gguf import read_header

HEADER = 2_200_000
"""Bytes that hold the whole header of SmolLM2."""


@pytest.fixture(scope="module")
def head(smollm2: Path) -> bytes:
    with smollm2.open("rb") as file:
        return file.read(HEADER)


def test_the_header_of_a_model_is_read(smollm2: Path) -> None:
    header = read_header(smollm2)
    assert (header.architecture, header.context_length, header.vocabulary) == ("llama", 8192, 49152)
    assert header.chat_template and "<|im_start|>" in header.chat_template
    assert header.size == smollm2.stat().st_size


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not a GGUF model"),
        (b"hello world", "Give a file with the suffix .gguf"),
        (b"PK\x03\x04....", "It is a zip file"),
        (b"<!DOCTYPE html>", "It is a web page"),
        (b"version https://git-lfs", "Git LFS pointer"),
        (b"GGUF" + struct.pack("<I", 9) + bytes(16), "GGUF version 9"),
        (b"GGUF" + struct.pack(">I", 3) + bytes(16), "big-endian"),
        (b"GGUF" + struct.pack("<IQQ", 3, 2**63, 0), "announces 9223372036854775808 tensors"),
        (b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 2**62), "bytes in a metadata key"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 0) + bytes(8), "names no architecture"),
    ],
)
def test_what_is_no_model_is_refused(content: bytes, said: str, tmp_path: Path) -> None:
    file = tmp_path / "model.gguf"
    file.write_bytes(content)
    with pytest.raises(ModelFileInvalid, match="BG840") as caught:
        read_header(file)
    assert said in str(caught.value)
    assert caught.value.where == str(file) and caught.value.fix


@pytest.mark.parametrize("size", [1000, HEADER, 50_000_000])
def test_a_file_that_is_cut_short_is_refused(head: bytes, size: int, tmp_path: Path) -> None:
    file = tmp_path / "model.gguf"
    with file.open("wb") as out:
        out.write(head[:size])
        out.truncate(size)
    with pytest.raises(ModelFileInvalid, match=r"BG840: The file is cut short.*Download the file again"):
        read_header(file)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelFileInvalid, match=r"No such file.*options\.path"):
        read_header(tmp_path / "model.gguf")


def test_damage_is_refused_or_harmless_never_another_error(head: bytes, smollm2: Path, tmp_path: Path) -> None:
    chance, refused, file = random.Random(1), 0, tmp_path / "model.gguf"  # noqa: S311 no secret
    for _ in range(20):
        damaged = bytearray(head)
        for _ in range(3):
            damaged[chance.randrange(1800)] = chance.randrange(256)
        with file.open("wb") as out:
            out.write(damaged)
            out.truncate(smollm2.stat().st_size)
        try:
            read_header(file)
        except ModelFileInvalid:
            refused += 1
    assert 0 < refused < 20
