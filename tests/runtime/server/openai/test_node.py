"""openai-node against the service, where npm can fetch it."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from .conftest import OWNER, Live

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

SCRIPT = """\
import OpenAI from "openai";
const client = new OpenAI({ baseURL: process.argv[2], apiKey: process.argv[3], maxRetries: 0 });
const messages = [{ role: "user", content: "Hi" }];
const told = [];
told.push((await client.chat.completions.create({ model: "scripted/talk", messages })).choices[0].message.content);
const stream = client.chat.completions.stream({ model: "scripted/talk", messages });
told.push((await stream.finalChatCompletion()).choices[0].message.content);
const first = await client.responses.create({ model: "scripted/talk", input: "Hi" });
told.push(first.output_text);
const follow = client.responses.stream({ model: "scripted/talk", input: "Hi", previous_response_id: first.id });
told.push((await follow.finalResponse()).output_text);
told.push((await client.embeddings.create({ model: "embedder/words", input: "a" })).data[0].embedding.length);
try {
  await client.responses.create({ model: "scripted/none", input: "Hi" });
} catch (error) {
  told.push([error.constructor.name, error.code, error.param]);
}
console.log(JSON.stringify(told));
"""
TOLD = (
    '["The seal leaks.","The seal leaks.","The seal leaks.","The seal leaks.",256,'
    '["NotFoundError","model_not_found","model"]]'
)


async def _run(folder: Path, *words: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *words, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    async with asyncio.timeout(120):
        out, _ = await process.communicate()
    return process.returncode or 0, out.decode()


@pytest.mark.timeout(240)
async def test_openai_node(live: Live, tmp_path: Path) -> None:
    if not shutil.which("npm") or not shutil.which("node"):
        pytest.skip("there is no node here")
    (tmp_path / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    code, said = await _run(tmp_path, "npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "openai@6")
    if code:
        pytest.skip(f"npm cannot fetch openai: {said[-300:]}")
    (tmp_path / "ask.mjs").write_text(SCRIPT, encoding="utf-8")
    code, said = await _run(tmp_path, "node", "ask.mjs", f"{live.url}/openai/v1", OWNER)
    assert (code, said.strip()) == (0, TOLD)
