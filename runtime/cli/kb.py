"""Commands on knowledge bases: `create`, `add`, `list`, `search`, `eval`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias
from urllib.parse import quote

import typer

from ..base.errors import Json
from ..base.language import Language
from .errors import UsageError
from .options import AsJson, chosen
from .output import emit, paint, say

if TYPE_CHECKING:
    from .client import Client

__all__ = ["group"]

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
    from .client import ask

    body: dict[str, Json] = {"name": name, "language": language, "trust": trust, "embedder": embedder}
    made = ask(lambda client: client.post("/v1/knowledge", body))
    if as_json:
        emit(made)
    else:
        say(_text("created").format(name))


@group.command("add")
def add(
    name: Name,
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files and folders.")],
    as_json: AsJson = False,
) -> int:
    """Add documents; a file that cannot be read is reported and the others go on."""
    from .client import ask

    report = ask(lambda client: _send(client, name, paths))
    if as_json:
        emit(dict[str, Json](report))
    else:
        _tell(report)
    return 1 if report["failed"] else 0


@group.command("list")
def list_bases(as_json: AsJson = False) -> None:
    """List the knowledge bases."""
    from .client import ask

    found = ask(lambda client: client.get("/v1/knowledge"))["bases"]
    if as_json:
        emit({"bases": found})
        return
    for facts in found:
        say(_text("base").format_map({**facts, "languages": ", ".join(facts["languages"]) or "–"}))
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
    from .client import ask

    only: dict[str, Json] = dict(_pair(item) for item in wanted or [])
    body: dict[str, Json] = {"query": query, "k": k, "filter": only}
    hits = ask(lambda client: client.post(f"{_place(name)}/search", body))["hits"]
    if as_json:
        emit({"hits": hits})
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
    from .client import ask

    try:
        text = cases.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The file of cases cannot be read: {error}.", where=str(cases)) from error
    report = ask(lambda client: client.upload(f"{_place(name)}/evaluate", text.encode()))
    if as_json:
        emit(report)
    else:
        _table({leg: report[leg] for leg in ("fused", "dense", "keyword")})


async def _send(client: Client, name: str, paths: list[Path]) -> dict[str, list[Any]]:
    """Send the files one by one and join what became of them; work on the whole base is left to the last."""
    from knowledge.ingest import sources_of

    report: dict[str, list[Any]] = {kind: [] for kind in ("added", "updated", "unchanged", "removed", "failed")}
    held: tuple[str, bytes] | None = None

    async def send(more: str) -> None:
        if held is not None:
            part = await client.upload(f"{_place(name)}/documents", held[1], document=held[0], more=more)
            for kind, names in report.items():
                names.extend(part[kind])

    await client.get(_place(name))
    for source in sources_of(paths):
        try:
            content = source.load()
        except OSError as error:
            report["failed"].append(_unreadable(source.name, error))
            continue
        await send("true")
        held = (source.name, content)
    await send("false")
    return report


def _unreadable(document: str, error: OSError) -> dict[str, Json]:
    from knowledge.errors import DocumentUnreadable

    reason = f"The file cannot be read: {error.strerror or error}."
    return {"document": document, "code": DocumentUnreadable.code, "reason": reason}


def _place(name: str) -> str:
    return f"/v1/knowledge/{quote(name, safe='')}"


def _pair(item: str) -> tuple[str, Json]:
    key, equals, value = item.partition("=")
    if not key or not equals:
        raise UsageError(f"{item!r} is no filter.", where="--filter", fix="Write KEY=VALUE.")
    try:
        found = json.loads(value)
    except ValueError:
        return key, value
    return key, found if isinstance(found, bool | int | float) else value


def _tell(report: Mapping[str, list[Any]]) -> None:
    for failure in report["failed"]:
        say(f"{paint(failure['code'], 'red')} {failure['reason']} {failure.get('fix') or ''}".rstrip())
    say(_text("added").format_map({kind: len(names) for kind, names in report.items()}))


def _print(number: int, hit: Mapping[str, Any]) -> None:
    page = f", {_text('page').format(hit['page'])}" if hit["page"] else ""
    say(
        paint(
            f"{number}. {hit['document']}{page} [{hit['start']}–{hit['end']}] {hit['heading'] or ''}".rstrip(), "cyan"
        )
    )
    text = " ".join(str(hit["text"]).split())
    say(f"   {text if len(text) <= _WIDTH else text[: _WIDTH - 1] + '…'}")


def _table(metrics: Mapping[str, Mapping[str, float]]) -> None:
    say(f"{'':<8}" + "".join(f"{name:>11}" for name in metrics["fused"]))
    for leg, found in metrics.items():
        say(f"{leg:<8}" + "".join(f"{value:>11.4f}" for value in found.values()))


def _text(key: str) -> str:
    return _TEXTS[chosen(None)][key]
