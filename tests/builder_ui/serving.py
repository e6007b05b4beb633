"""A real server with its builder on free ports, as `baigong up` starts it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

START = (sys.executable, "-c", "import sys; from runtime.cli import main; sys.exit(main())")
MODELS = """\
models:
  scripted/slow:
    options:
      script: [{match: slowly, text: "one two three four five six seven eight", delay: 1.2, pieces: 8, repeat: true}]
  scripted/echo: {options: {echo: true}}
"""


@dataclass(frozen=True, slots=True)
class Site:
    """A running server.

    Attributes:
        home: Its home folder.
        api: The API's address.
        builder: The builder's address.
        key: An API key.
        process: The server's process.
    """

    home: Path
    api: str
    builder: str
    key: str
    process: subprocess.Popen[str]

    def http(self) -> httpx.Client:
        """Return a client of the API that may do everything."""
        return httpx.Client(
            base_url=self.api, headers={"Authorization": f"Bearer {self.key}"}, trust_env=False, timeout=60
        )

    def link(self) -> str:
        """Return a fresh link for signing in, as `baigong login` prints it."""
        done = subprocess.run(
            [*START, "login", "--json"], env=environment(self.home), capture_output=True, text=True, check=True
        )
        return json.loads(done.stdout)["builder"]

    def draft(self, app: str) -> dict[str, Any]:
        """Return an app as the runtime has it."""
        with self.http() as http:
            return http.get(f"/v1/apps/{app}/draft").json()

    def put(self, app: str, text: str) -> None:
        """Keep an app."""
        with self.http() as http:
            answer = http.put(f"/v1/apps/{app}", content=text.encode())
        assert answer.is_success, answer.text


def environment(home: Path) -> dict[str, str]:
    return {**os.environ, "BAIGONG_HOME": str(home), "BAIGONG_LANGUAGE": "en", "PYTHONUNBUFFERED": "1"}


@contextmanager
def serving(home: Path, *, models: str | None = MODELS) -> Iterator[Site]:
    """Start a server, wait until it is ready, and end it."""
    home.mkdir(parents=True, exist_ok=True)
    if models is not None:
        (home / "models.yaml").write_text(models, encoding="utf-8")
    words = ("up", "--port", "0", "--ui-port", "0", "--json", "--new-key")
    with subprocess.Popen([*START, *words], env=environment(home), stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            said = json.loads(process.stdout.readline())
            yield Site(home, said["url"], said["builder"].partition("/signin")[0], said["key"], process)
        finally:
            process.terminate()
