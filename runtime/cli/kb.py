"""Commands on knowledge bases: `create`, `add`, `list`, `search`, `eval`. They own the home folder while they run."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias, TypeVar

import typer

from ..base.errors import Json
from ..base.language import Language
from ..base.settings import load_settings
from .errors import UsageError
from .options import AsJson
from .output import emit, paint, say

if TYPE_CHECKING:
    from knowledge.evaluation import Metrics
    from knowledge.ingest import IngestReport
    from knowledge.library import BaseFacts, Library
    from knowledge.retrieve import Hit

__all__ = ["group"]

T = TypeVar("T")
Name: TypeAlias = Annotated[str, typer.Argument(metavar="NAME", help="The knowledge base's name.")]

_WIDTH: Final = 200
_TEXTS: Final[dict[Language, dict[str, str]]] = {
    "en": {
        "created": "{} is created.",
        "none": "There is no knowledge base.",
        "base": "{name}  {documents} documents  {languages}  {embedder}  trust: {trust}",
        "added": "{added} added, {updated} updated, {unchanged} unchanged, {failed} failed",
        "nothing": "Nothing was found.",
        "page": "page {}",
    },
    "zh": {
        "created": "已创建 {}。",
        "none": "没有任何知识库。",
        "base": "{name}  {documents} 个文档  {languages}  {embedder}  信任级别：{trust}",
        "added": "新增 {added}，更新 {updated}，未变 {unchanged}，失败 {failed}",
        "nothing": "没有找到任何内容。",
        "page": "第 {} 页",
    },
}

group = typer.Typer(rich_markup_mode=None, help="Make knowledge bases of documents and search them.")


@group.command("create")
def create(
    name: Name,
    language: Annotated[
        str | None, typer.Option("--language", help="The documents' language, such as zh; by default what they show.")
    ] = None,
    trust: Annotated[
        str, typer.Option("--trust", help="How far what they say is trusted: app, user, bounded or untrusted.")
    ] = "untrusted",
    embedder: Annotated[str, typer.Option("--embedder", help="The embedding model: minilm or hashing.")] = "minilm",
    as_json: AsJson = False,
) -> None:
    """Make an empty knowledge base."""
    facts = _run(lambda library: library.create(name, language=language, trust=trust, embedder=embedder))
    if as_json:
        emit(_shown(facts))
    else:
        say(_text("created").format(name))


@group.command("add")
def add(
    name: Name,
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files and folders.")],
    as_json: AsJson = False,
) -> int:
    """Add documents; a file that cannot be read is reported and the others go on."""
    report = _run(lambda library: library.add(name, paths))
    if as_json:
        emit(report.to_json())
    else:
        _tell(report)
    return 1 if report.failed else 0


@group.command("list")
def list_bases(as_json: AsJson = False) -> None:
    """List the knowledge bases."""
    found = _run(lambda library: library.list())
    if as_json:
        emit({"bases": [_shown(facts) for facts in found]})
        return
    for facts in found:
        say(_text("base").format_map({**_shown(facts), "languages": ", ".join(facts.languages) or "–"}))
    if not found:
        say(_text("none"))


@group.command("search")
def search(
    name: Name,
    query: Annotated[str, typer.Argument(metavar="QUERY", help="A question, in English or Chinese.")],
    k: Annotated[int, typer.Option("--k", help="How many passages at the most, 1 to 100.")] = 5,
    wanted: Annotated[
        list[str] | None,
        typer.Option("--filter", metavar="KEY=VALUE", help="Only documents whose metadata has this value."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Find passages."""
    only = dict(_pair(item) for item in wanted or [])
    hits = _run(lambda library: library.search(name, query, k, only)).hits
    if as_json:
        emit({"hits": [_hit(hit) for hit in hits]})
        return
    for number, hit in enumerate(hits, 1):
        _print(number, hit)
    if not hits:
        say(_text("nothing"))


@group.command("eval")
def evaluate(
    name: Name,
    cases: Annotated[
        Path, typer.Argument(metavar="CASES", exists=True, dir_okay=False, help="A file of cases, JSON Lines.")
    ],
    as_json: AsJson = False,
) -> None:
    """Measure retrieval on questions whose documents are known."""
    try:
        text = cases.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The file of cases cannot be read: {error}.", where=str(cases)) from error
    report = _run(lambda library: library.evaluate(name, text))
    metrics = {"fused": report.fused, "dense": report.dense, "keyword": report.keyword}
    if as_json:
        emit({"cases": report.cases, **{leg: dict[str, Json](found.to_json()) for leg, found in metrics.items()}})
        return
    _table(metrics)


def _run(work: Callable[[Library], Awaitable[T]]) -> T:
    """Own the home folder for as long as `work` takes.

    Raises:
        HomeBusy: Another process owns it.
        KnowledgeError: What `work` raises.
    """
    import asyncio

    from knowledge.library import Library

    from ..storage import Home, open_home

    settings = load_settings()

    async def inside(home: Home) -> T:
        library = Library(home.root / "knowledge", threads=settings.threads)
        try:
            return await work(library)
        finally:
            await library.close()

    with open_home(settings) as home:
        return asyncio.run(inside(home))


def _pair(item: str) -> tuple[str, Json]:
    key, equals, value = item.partition("=")
    if not key or not equals:
        raise UsageError(f"{item!r} is no filter.", where="--filter", fix="Write KEY=VALUE.")
    try:
        found = json.loads(value)
    except ValueError:
        return key, value
    return key, found if isinstance(found, bool | int | float) else value


def _tell(report: IngestReport) -> None:
    counts = {
        "added": len(report.added),
        "updated": len(report.updated),
        "unchanged": len(report.unchanged),
        "failed": len(report.failed),
    }
    for failure in report.failed:
        say(f"{paint(failure.error.code, 'red')} {failure.error.message} {failure.error.fix or ''}".rstrip())
    say(_text("added").format_map(counts))


def _print(number: int, hit: Hit) -> None:
    page = f", {_text('page').format(hit.page)}" if hit.page else ""
    say(paint(f"{number}. {hit.document}{page} [{hit.start}–{hit.end}] {hit.heading}".rstrip(), "cyan"))
    text = " ".join(hit.text.split())
    say(f"   {text if len(text) <= _WIDTH else text[: _WIDTH - 1] + '…'}")


def _table(metrics: dict[str, Metrics]) -> None:
    names = list(metrics["fused"].to_json())
    say(f"{'':<8}" + "".join(f"{name:>11}" for name in names))
    for leg, found in metrics.items():
        say(f"{leg:<8}" + "".join(f"{value:>11.4f}" for value in found.to_json().values()))


def _hit(hit: Hit) -> dict[str, Json]:
    return {
        "id": hit.id,
        "text": hit.text,
        "document": hit.document,
        "page": hit.page,
        "start": hit.start,
        "end": hit.end,
        "heading": hit.heading or None,
        "score": hit.score,
        "ranks": dict[str, Json](hit.ranks),
    }


def _shown(facts: BaseFacts) -> dict[str, Json]:
    return {
        "name": facts.name,
        "languages": list[Json](facts.languages),
        "embedder": facts.embedder,
        "trust": facts.trust,
        "documents": facts.documents,
    }


def _text(key: str) -> str:
    return _TEXTS[load_settings().language][key]
