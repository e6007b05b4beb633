"""Readers: text, headings, pages and metadata of real files made here."""

from __future__ import annotations

import sqlite3
from io import BytesIO

import pytest
from docx import Document

from knowledge.documents import Extracted
from knowledge.readers import markdown, pdf, plain, table, web, word


def by_heading(document: Extracted) -> dict[str, str]:
    return {section.heading: document.text[section.start : section.end].strip() for section in document.sections}


def test_markdown_keeps_the_source_and_knows_code_from_headings() -> None:
    source = "---\nequipment: pump\n---\nLead.\n# A\n\n```\n# no heading\n```\n## B\ntext b\n# C\ntext c\n"
    found = markdown.read(source.replace("\n", "\r\n").encode())
    assert found.text == source
    assert found.metadata == {"equipment": "pump"}
    assert by_heading(found) == {"": "Lead.", "A": "```\n# no heading\n```", "A > B": "text b", "C": "text c"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_plain_text_in_common_encodings(encoding: str) -> None:
    assert plain.read("泵的密封\r\nline".encode(encoding)).text == "泵的密封\nline"


def test_plain_text_is_not_binary() -> None:
    with pytest.raises(ValueError, match="binary"):
        plain.read(b"\x7fELF\x00\x01")


def test_html_shows_what_a_reader_sees() -> None:
    page = "<head><title>t</title></head><nav>menu</nav><h1>Pump</h1><p>Stop <b>the</b>\n pump.</p><script>x()</script>"
    found = web.read(page.encode())
    assert found.text == "Pump\nStop the pump."
    assert by_heading(found) == {"Pump": "Stop the pump."}


def test_docx_has_headings_and_tables_in_order() -> None:
    document = Document()
    document.add_heading("Limits", 1)
    document.add_paragraph("Do not exceed.")
    cells = document.add_table(rows=1, cols=2).rows[0].cells
    cells[0].text, cells[1].text = "vibration", "7.1 mm/s"
    stream = BytesIO()
    document.save(stream)
    assert by_heading(word.read(stream.getvalue())) == {"Limits": "Do not exceed.\nvibration | 7.1 mm/s"}


def test_pdf_has_pages() -> None:
    from matplotlib.backends.backend_pdf import PdfPages
    from matplotlib.figure import Figure

    stream = BytesIO()
    with PdfPages(stream) as pages:
        for text in ("first page", "second page"):
            figure = Figure()
            figure.text(0.1, 0.5, text)
            pages.savefig(figure)
    found = pdf.read(stream.getvalue())
    assert [(s.page, found.text[s.start : s.end]) for s in found.sections] == [(1, "first page"), (2, "second page")]


def test_csv_rows_can_be_read_alone() -> None:
    assert (
        table.read(b"fault;limit\nseal leak;5 ml/h\nimbalance;\n").text
        == "fault: seal leak; limit: 5 ml/h\nfault: imbalance"
    )


def test_text_without_nul_is_what_sqlite_gives_back() -> None:
    text = web.read(b"<p>a\x00b</p>").text
    assert sqlite3.connect(":memory:").execute("SELECT ?", (text,)).fetchone()[0] == text
