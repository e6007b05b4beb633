from __future__ import annotations

import pytest

from agents.spec.bundle import LAYOUT, Bundle
from runtime.storage import Database
from runtime.storage.errors import BundleMissing

pytestmark = pytest.mark.anyio
BUNDLE = Bundle({"app.yaml": b"dsl: 1\n", "prompts/system.md": "你好".encode(), LAYOUT: b"{}"})


async def test_a_bundle_comes_back_by_its_digest(database: Database) -> None:
    digest = await database.bundles.put(BUNDLE)
    assert digest == BUNDLE.digest
    assert await database.bundles.get(digest) == BUNDLE


async def test_the_last_layout_of_equal_bundles_is_kept(database: Database) -> None:
    moved = Bundle({**BUNDLE.files, LAYOUT: b'{"a": [1, 2]}'})
    assert await database.bundles.put(BUNDLE) == await database.bundles.put(moved)
    assert (await database.bundles.get(BUNDLE.digest)).layout == {"a": [1, 2]}


async def test_workspaces_do_not_see_each_others_bundles(database: Database) -> None:
    await database.bundles.put(BUNDLE, "one")
    with pytest.raises(BundleMissing) as caught:
        await database.bundles.get(BUNDLE.digest, "two")
    assert (caught.value.code, caught.value.exit_code) == ("BG929", 3)
    await database.bundles.put(BUNDLE, "two")
    assert await database.bundles.get(BUNDLE.digest, "two") == BUNDLE
