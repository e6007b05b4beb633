"""Bases from creation to removal, on the real catalogue and the real vector store."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from knowledge.citations import check_citation
from knowledge.errors import BadRequest, BaseEmpty, BaseExists, BaseUnknown, CasesInvalid
from knowledge.library import Library

from .conftest import FILES, PUMP

pytestmark = pytest.mark.anyio


async def test_finds_passages_in_both_languages(library: Library) -> None:
    report = await library.ensure("manuals", FILES)
    assert sorted(report.added) == ["motor.txt", "pump.md"]
    hit = (await library.search("manuals", "Why does the mechanical seal leak?")).hits[0]
    assert (hit.document, hit.heading, hit.ranks["keyword"]) == ("pump.md", "Pump > Seal leakage", 1)
    assert (await library.search("manuals", "轴承温度过高怎么办？")).hits[0].document == "motor.txt"


async def test_spans_point_into_the_stored_text(library: Library) -> None:
    await library.ensure("manuals", FILES)
    for hit in (await library.search("manuals", "seal pump 电机", 10)).hits:
        text = await library.text("manuals", hit.document)
        assert text is not None
        check_citation(hit.text, text, hit.start, hit.end)


async def test_ensure_is_idempotent_and_follows_changes(library: Library) -> None:
    await library.ensure("manuals", FILES)
    again = await library.ensure("manuals", FILES)
    assert not again.changed
    assert sorted(again.unchanged) == ["motor.txt", "pump.md"]
    changed = await library.ensure("manuals", {"pump.md": PUMP.replace(b"gravel", b"marbles")})
    assert (changed.updated, changed.removed) == (["pump.md"], ["motor.txt"])
    result = await library.search("manuals", "gravel marbles", 10)
    assert "marbles" in result.hits[0].text
    assert not any("gravel" in hit.text or hit.document == "motor.txt" for hit in result.hits)


async def test_a_bad_file_fails_alone(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    folder.mkdir()
    contents = {"a.pdf": b"%PDF-1.4 cut", "b.md": b"", "c.xyz": b"?", "d.md": b"# Good\n\nThe good one.", ".e.md": b"x"}
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    await library.create("mixed")
    report = await library.add("mixed", [folder, tmp_path / "absent.md"])
    assert report.added == ["d.md"]
    assert [failure.document for failure in report.failed] == ["a.pdf", "b.md", "c.xyz", "absent.md"]
    assert {failure.error.code for failure in report.failed} == {"BG815"}


async def test_a_filter_narrows_both_legs(library: Library) -> None:
    await library.ensure("manuals", FILES)
    for wanted, documents in (({"equipment": "pump"}, {"pump.md"}), ({"language": "zh"}, {"motor.txt"})):
        hits = (await library.search("manuals", "pump 电机", 10, wanted)).hits
        assert {hit.document for hit in hits} == documents
    assert (await library.search("manuals", "pump", 10, {"equipment": "crane"})).hits == ()


async def test_what_was_not_returned_says_why(library: Library) -> None:
    await library.ensure("manuals", FILES)
    result = await library.search("manuals", "pump seal", 1)
    assert [candidate.dropped for candidate in result.candidates][:2] == [None, "cut"]


async def test_a_base_outlives_its_library(tmp_path: Path) -> None:
    first = Library(tmp_path, embedder="hashing")
    await first.ensure("manuals", FILES, language="en", trust="app")
    await first.close()
    second = Library(tmp_path)
    facts = second.info("manuals")
    assert (facts.languages, facts.embedder, facts.dimension, facts.documents) == (("en",), "hashing", 256, 2)
    assert facts.trust == "app"
    assert (await second.search("manuals", "gravel")).hits[0].document == "pump.md"
    await second.close()


async def test_refusals_are_clear(library: Library) -> None:
    await library.create("empty")
    with pytest.raises(BaseEmpty):
        await library.search("empty", "anything")
    with pytest.raises(BaseExists):
        await library.create("empty")
    with pytest.raises(BaseUnknown):
        await library.search("../empty", "anything")
    with pytest.raises(BadRequest):
        await library.search("empty", "anything", 0)
    with pytest.raises(BadRequest):
        await library.create("Not A Name")


async def test_removes_a_base(library: Library) -> None:
    await library.ensure("manuals", FILES)
    await library.remove("manuals")
    assert await library.list() == []
    await library.ensure("manuals", {"new.txt": b"Only this."})
    assert [hit.document for hit in (await library.search("manuals", "pump this")).hits] == ["new.txt"]


async def test_evaluates_cases(library: Library) -> None:
    await library.ensure("manuals", FILES)
    cases = [
        {"query": "sounds like gravel", "relevant": ["pump.md"]},
        {"query": "绝缘电阻", "relevant": ["motor.txt"]},
        {"query": "", "relevant": ["pump.md"]},
    ]
    report = await library.evaluate("manuals", "\n".join(json.dumps(case) for case in cases))
    assert report.cases == 3
    assert report.fused.recall_1 == pytest.approx(2 / 3)
    with pytest.raises(CasesInvalid, match="Line 1"):
        await library.evaluate("manuals", '{"query": "x", "relevant": ["absent.md"]}')
