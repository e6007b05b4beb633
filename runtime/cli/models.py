"""Commands on models: `list`, `add`, `test`, `pull`, `bench`, `remove`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias
from urllib.parse import urlsplit

import typer

from ..base.errors import Json
from ..base.language import Language
from .errors import UsageError
from .options import AsJson, chosen
from .output import Colour, emit, paint, say

__all__ = ["group"]

Name: TypeAlias = Annotated[str, typer.Argument(metavar="ID", help="The deployment, such as local/smollm2.")]

_TEXTS: Final[dict[Language, dict[str, str]]] = {
    "en": {
        "here": "this machine",
        "away": "elsewhere",
        "closed": "well",
        "open": "left alone for {:.0f} s",
        "half_open": "about to be tried again",
        "added": "{} is declared.",
        "removed": "{} is forgotten.",
        "first": "first token     {:.3f} s",
        "speed": "speed           {:.1f} tokens/s",
        "context": "context         {} tokens",
        "found": "shown           {}",
        "missing": "declared, but not shown: {}",
        "more": "shown, but not declared: {}",
        "bench": "{requests} answers, {parallel} at a time, {seconds:.2f} s: {tokens_per_s:.1f} tokens/s in all; "
        "an answer takes {median_s:.2f} s in the median, {p95_s:.2f} s at the 95th percentile; {failures} failed.",
    },
    "zh": {
        "here": "本机",
        "away": "其他地方",
        "closed": "正常",
        "open": "搁置 {:.0f} 秒",
        "half_open": "即将再次尝试",
        "added": "已声明 {}。",
        "removed": "已移除 {}。",
        "first": "首个词元        {:.3f} 秒",
        "speed": "速度            {:.1f} 词元/秒",
        "context": "上下文          {} 词元",
        "found": "已验证          {}",
        "missing": "已声明但未验证：{}",
        "more": "已验证但未声明：{}",
        "bench": "{requests} 个回答，同时 {parallel} 个，{seconds:.2f} 秒：共 {tokens_per_s:.1f} 词元/秒；"
        "回答用时中位数 {median_s:.2f} 秒，第 95 百分位 {p95_s:.2f} 秒；失败 {failures} 个。",
    },
}
_COLOURS: Final[dict[str, Colour]] = {"closed": "green", "open": "red", "half_open": "yellow"}

group = typer.Typer(rich_markup_mode=None, help="Declare models, try them and measure them.")


@group.command("list")
def list_models(as_json: AsJson = False) -> None:
    """List the deployments, preferred ones first, and how they fare."""
    from .client import ask

    found = ask(lambda client: client.get("/v1/models"))
    if as_json:
        emit(found)
        return
    width = max(len(one["id"]) for one in found["models"])
    for one in found["models"]:
        place = _text("here" if one["local"] else "away") if one["residency"] is None else one["residency"]
        health = one["health"]
        state = _text(health["state"]).format(health["retry_after"] or 0)
        shown = [f"{one['id']:<{width}}", place, ", ".join(one["caps"]), str(one["context"])]
        shown += [paint(state, _COLOURS[health["state"]]), health["problem"] or ""]
        say("  ".join(shown).rstrip())


@group.command("add")
def add(
    source: Annotated[str, typer.Argument(metavar="PATH|URL", help="A GGUF file, or a server's address with its /v1.")],
    name: Annotated[str | None, typer.Option("--name", help="The deployment's name; by default the model's.")] = None,
    model: Annotated[str | None, typer.Option("--model", help="The model's name on the server.")] = None,
    key: Annotated[str | None, typer.Option("--key", metavar="SECRET", help="The secret with its key.")] = None,
    caps: Annotated[str, typer.Option("--caps", help="What it can do, separated by commas.")] = "chat,tools,json",
    context: Annotated[int | None, typer.Option("--context", help="Its context window in tokens.")] = None,
    price: Annotated[str | None, typer.Option("--price", metavar="IN,OUT", help="US dollars a million tokens.")] = None,
    as_json: AsJson = False,
) -> None:
    """Declare a model: a file on this machine, or one of an OpenAI-compatible server."""
    entry: dict[str, Json] = {"caps": [cap.strip() for cap in caps.split(",") if cap.strip()]}
    if context is not None:
        entry["context"] = context
    if price is not None:
        entry["price"] = _price(price)
    if urlsplit(source).scheme in ("http", "https"):
        made = _add_server(source, entry, name=name, model=model, key=key)
    else:
        made = add_file(Path(source), entry, name)
    if as_json:
        emit(made)
    else:
        say(_text("added").format(made["id"]))


@group.command("test")
def test(name: Name, as_json: AsJson = False) -> int:
    """Ask a model for a bit of everything: speed, data, a tool call, log-probabilities, a picture."""
    from .client import ask

    found = ask(lambda client: client.post(f"/v1/models/deployments/{_split(name)}/test"))
    if as_json:
        emit(found)
    else:
        _tell(found)
    return 1 if found["missing"] else 0


@group.command("pull")
def pull(
    source: Annotated[str, typer.Argument(metavar="OWNER/NAME", help="A repository, such as Qwen/Qwen3-4B-GGUF.")],
    file: Annotated[str | None, typer.Option("--file", help="Which GGUF file, where there are several.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="The deployment's name; by default the file's.")] = None,
    as_json: AsJson = False,
) -> None:
    """Fetch a model file from a hub, check its digest and declare it."""
    from .hub import fetch

    path, digest = fetch(source, file, quiet=as_json)
    made = add_file(path, {}, name, digest=digest)
    if as_json:
        emit({**made, "path": str(path), "sha256": digest})
    else:
        say(_text("added").format(made["id"]))


@group.command("bench")
def bench(
    name: Name,
    requests: Annotated[int, typer.Option("--requests", min=1, max=10_000, help="How many answers.")] = 8,
    parallel: Annotated[int, typer.Option("--parallel", min=1, max=256, help="How many at a time.")] = 1,
    tokens: Annotated[int, typer.Option("--tokens", min=1, max=4096, help="The longest answer.")] = 64,
    as_json: AsJson = False,
) -> int:
    """Measure how many tokens a second a model gives, and how long answers take."""
    from .benching import measure
    from .client import ask

    found = ask(lambda client: measure(client, name, requests=requests, parallel=parallel, tokens=tokens))
    if as_json:
        emit(found)
    else:
        say(_text("bench").format_map(found))
        if found["problem"]:
            say(paint(str(found["problem"]), "red"))
    return 1 if found["failures"] else 0


@group.command("remove")
def remove(name: Name, as_json: AsJson = False) -> None:
    """Forget a deployment; a model file stays where it is."""
    from .client import ask

    ask(lambda client: client.delete(f"/v1/models/deployments/{_split(name)}"))
    if as_json:
        emit({"id": name, "removed": True})
    else:
        say(_text("removed").format(name))


def add_file(path: Path, entry: dict[str, Json], name: str | None, *, digest: str | None = None) -> dict[str, Any]:
    """Declare a model file of this machine.

    Args:
        path: The file.
        entry: What is known of it.
        name: The deployment's name, or None for the file's.
        digest: Its SHA-256, where it is known already.
    """
    from ..models.local.gguf import digest as digest_of
    from ..models.local.gguf import read_header
    from .client import ask

    header = read_header(path)
    told: dict[str, Json] = {"context": min(header.context_length or 8192, 32768)} | entry
    options: dict[str, Json] = {"path": str(path.absolute()), "sha256": digest or digest_of(path)}
    place = f"local/{_slug(name or path.stem)}"
    return ask(lambda client: client.put(f"/v1/models/deployments/{place}", {**told, "options": options}))


def _add_server(
    url: str, entry: dict[str, Json], *, name: str | None, model: str | None, key: str | None
) -> dict[str, Any]:
    from .client import Client, ask

    async def work(client: Client) -> dict[str, Any]:
        wanted = model
        if wanted is None:
            found = (await client.post("/v1/models/discover", {"url": url, "key": key}))["models"]
            if len(found) != 1:
                listed = ", ".join(found[:20]) or "none"
                fix = "Name one: --model NAME"
                raise UsageError(f"The server has these models: {listed}.", where="--model", fix=fix)
            wanted = str(found[0])
        options: dict[str, Json] = {"url": url, "model": wanted}
        if key:
            options["key"] = key
        place = f"remote/{_slug(name or wanted)}"
        return await client.put(f"/v1/models/deployments/{place}", {**entry, "options": options})

    return ask(work)


def _tell(found: dict[str, Any]) -> None:
    if found["first_s"] is not None:
        say(_text("first").format(found["first_s"]))
    if found["tokens_per_s"] is not None:
        say(_text("speed").format(found["tokens_per_s"]))
    say(_text("context").format(found["context"]))
    say(_text("found").format(paint(", ".join(found["found"]) or "–", "green")))
    if found["missing"]:
        say(paint(_text("missing").format(", ".join(found["missing"])), "red"))
    if found["more"]:
        say(_text("more").format(", ".join(found["more"])))
    for cap, said in found["said"].items():
        say(f"  {cap}: {said}")
    for cap, why in found["failed"].items():
        say(f"  {cap}: {why}")


def _price(text: str) -> Json:
    try:
        given, answered = (float(part) for part in text.split(","))
    except ValueError as error:
        raise UsageError(f"{text!r} is no price.", where="--price", fix="Write two numbers: --price 0.2,0.6") from error
    return {"input": given, "output": answered}


def _slug(text: str) -> str:
    """Return a text as a deployment's name."""
    found = re.sub(r"[^a-z0-9._-]+", "-", text.rpartition("/")[2].lower()).strip("-._")[:63]
    if not found:
        raise UsageError(f"No name can be made of {text!r}.", where="--name", fix="Give one: --name NAME")
    return found


def _split(name: str) -> str:
    if not re.fullmatch(r"[a-z]+/[a-z0-9][a-z0-9._-]*", name):
        raise UsageError(f"{name!r} is no deployment.", fix="Write its kind and name, such as local/smollm2.")
    return name


def _text(key: str) -> str:
    return _TEXTS[chosen(None)][key]
