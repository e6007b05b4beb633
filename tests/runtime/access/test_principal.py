from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from runtime.access import LOCAL_OWNER, Principal


def test_scopes_decide() -> None:
    reader = Principal(workspace="main", id="anna", kind="user", scopes=frozenset({"runs.read"}))
    assert reader.may("runs.read")
    assert reader.may("runs.read", app="rag")
    assert not reader.may("runs.write")


def test_the_local_owner_may_do_everything() -> None:
    assert LOCAL_OWNER.may("anything.at.all", app="rag")
    assert (LOCAL_OWNER.workspace, LOCAL_OWNER.kind) == ("main", "owner")


def test_a_principal_of_one_app_stays_in_it() -> None:
    widget = Principal(workspace="main", id="w1", kind="widget", scopes=frozenset({"chat"}), app="rag")
    assert widget.may("chat", app="rag")
    assert not widget.may("chat", app="other")
    assert not widget.may("chat")


def test_nobody_changes_a_principal() -> None:
    with pytest.raises(FrozenInstanceError):
        LOCAL_OWNER.workspace = "other"  # pyright: ignore[reportAttributeAccessIssue]
