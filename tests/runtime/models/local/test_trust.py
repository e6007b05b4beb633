from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from runtime.models.errors import ModelFileInvalid
from runtime.models.local import trust
from runtime.models.local.chat import LocalChat
from runtime.models.local.gguf import digest
from runtime.models.local.weights import SHA256, Weights


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were read for their digest, each time."""
    found = list[Path]()

    def counting(path: Path) -> str:
        found.append(path)
        return digest(path)

    monkeypatch.setattr(trust, "digest", counting)
    return found


def test_a_file_is_read_again_only_when_it_is_another(tmp_path: Path, read: list[Path]) -> None:
    file = tmp_path / "model.gguf"
    file.write_bytes(b"pump")
    wanted = hashlib.sha256(b"pump").hexdigest()
    for _ in range(3):
        trust.check(file, wanted, allow_unlisted=False)
    assert read == [file]
    file.write_bytes(b"pomp")
    os.utime(file, (1, 1))
    for _ in range(2):
        with pytest.raises(ModelFileInvalid, match=r"BG840: The SHA-256.*baigong models add"):
            trust.check(file, wanted, allow_unlisted=True)
    assert read == [file, file]


def test_only_listed_files_may_be_used_where_that_is_the_rule(tmp_path: Path, read: list[Path]) -> None:
    with pytest.raises(ModelFileInvalid, match=r"BG840: Only listed.*baigong models add"):
        trust.check(tmp_path / "model.gguf", None, allow_unlisted=False)
    trust.check(tmp_path / "model.gguf", None, allow_unlisted=True)
    assert read == []
    with pytest.raises(ModelFileInvalid, match="No such file"):
        trust.check(tmp_path / "model.gguf", "0" * 64, allow_unlisted=True)


def test_the_file_that_comes_with_the_product_is_listed(smollm2: Path) -> None:
    assert Weights().listed == SHA256 == digest(smollm2)
    assert Weights(path="pump.gguf").listed is None
    assert Weights(path="pump.gguf", sha256="0" * 64).listed == "0" * 64


@pytest.mark.anyio
async def test_a_chat_model_keeps_to_the_rule(smollm2: Path) -> None:
    chat = LocalChat(name="local/pump", weights=Weights(path=str(smollm2)), context=512, allow_unlisted=False)
    with pytest.raises(ModelFileInvalid, match="Only listed"):
        await chat.ainvoke("Hi")
    assert chat.backend.pid is None
    listed = LocalChat(name="local/smollm2", weights=Weights(), context=512, allow_unlisted=False)
    assert (await listed.ainvoke("Hi", max_tokens=1)).usage_metadata
    await listed.close()
