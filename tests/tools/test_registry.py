from __future__ import annotations

from pathlib import Path

import pytest

from tools.errors import ServersInvalid
from tools.registry import registered


def _written(home: Path, text: str) -> Path:
    (home / "servers.yaml").write_text(text)
    return home


def test_the_administrators_servers_are_read(tmp_path: Path) -> None:
    found = registered(
        _written(
            tmp_path,
            "servers:\n  erp:\n    command: [erp-mcp, --stdio]\n    env: {DATA: '{home}/erp'}\n"
            "    tools: {read_order: {effect_class: pure, effect: none, approval: never}}\n"
            "  far: {url: 'https://erp.plant.example/mcp'}\n",
        )
    )
    erp = found["erp"]
    assert erp.command == ("erp-mcp", "--stdio")
    assert erp.env == {"DATA": f"{tmp_path}/erp"}
    assert erp.policy("read_order").effect_class == "pure"
    assert erp.policy("delete_order").effect == "irreversible"
    assert found["far"].url.startswith("https://")


@pytest.mark.parametrize(
    "text",
    [
        "servers: [erp]",
        "servers: {erp: {}}",
        "servers: {erp: {command: [a], url: b}}",
        "servers: {erp: {command: [a], tools: {x: {effect_class: sometimes}}}}",
        "servers: {erp: {comand: [a]}}",
        "servers: {erp",
    ],
)
def test_a_malformed_list_is_refused_with_its_place(tmp_path: Path, text: str) -> None:
    with pytest.raises(ServersInvalid, match="cannot be read") as caught:
        registered(_written(tmp_path, text))
    assert caught.value.where == str(tmp_path / "servers.yaml")


def test_a_home_without_a_list_has_only_what_is_installed(tmp_path: Path) -> None:
    assert "erp" not in registered(tmp_path)
