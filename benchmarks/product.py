"""Baigong's server as `baigong up` starts it, on a free port."""

from __future__ import annotations

import sys

from runtime.cli import main

if __name__ == "__main__":
    sys.exit(main(["up", "--api-only", "--port", "0", "--json"]))
