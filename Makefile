# Two commands are enough: `make run` and `make test`. Everything they make lies in .venv, .tools and instance.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help run test lint bench soak lock clean
BIN := .venv/bin
LINLI_PORT ?= 8050
TESTS ?= tests

help:
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

run: .venv/.ok ## the sample city on 127.0.0.1:8050 (LINLI_PORT), scheduler and web server; Ctrl-C ends it
	@test -f instance/linli.toml || { rm -rf instance.part; \
	  $(BIN)/linli sample instance.part --size subdistrict && mv -T instance.part instance; }
	@exec $(BIN)/linli --instance instance demo --port $(LINLI_PORT)

test: .venv/.ok .venv/.dev ## the whole suite, with its own Chromium and PostgreSQL (TESTS=tests/test_x.py for a part)
	@$(BIN)/python tests/tools.py
	@exec $(BIN)/python -m pytest -q -n 2 --dist loadfile $(TESTS)

lint: .venv/.ok .venv/.dev ## format, lint and types
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

bench: .venv/.ok .venv/.dev ## the figures of the README, as ratios measured side by side
	@exec $(BIN)/python -m benchmarks

soak: .venv/.ok .venv/.dev ## long faults and fuzz: the properties with many more examples
	@$(BIN)/python tests/tools.py
	@LINLI_SOAK=1 exec $(BIN)/python -m pytest -q --timeout 7200 $(TESTS)

lock: ## resolve the requirements again; hashes, and no address of any index
	uv pip compile -q requirements.in --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header -o requirements.lock
	uv pip compile -q requirements-dev.in --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header -c requirements.lock -o requirements-dev.lock

clean: ## remove everything made, the sample instance too
	rm -rf .venv .tools instance instance.part build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# One environment: what runs, then what tests need on top. uv where it works, else venv and pip. Only a new lock
# builds it afresh; `pyproject.toml` alone installs the project again.
PIP := $(BIN)/python -m pip install -q --disable-pip-version-check --no-deps
UV := uv pip install -q --python $(BIN)/python --no-deps
export UV_PYTHON_DOWNLOADS := never
export UV_LINK_MODE := copy

.venv/.locked: requirements.lock
	@echo "installing the locked requirements into .venv"
	@if uv --version >/dev/null 2>&1 && uv venv -q --clear --python '>=3.11' .venv \
	  && $(UV) --require-hashes -r requirements.lock; then :; else \
	  python=$$(command -v python3.11 || command -v python3); \
	  $$python -c 'import sys; sys.exit(sys.version_info < (3, 11) and "python3: got " + sys.version.split()[0] + "; expected 3.11 or newer")'; \
	  $$python -m venv --clear .venv; \
	  $(PIP) --require-hashes -r requirements.lock; fi
	@touch $@

.venv/.ok: .venv/.locked pyproject.toml
	@if test -x $(BIN)/pip; then $(PIP) --no-build-isolation -e .; else $(UV) --no-build-isolation -e .; fi
	@touch $@

.venv/.dev: .venv/.locked requirements-dev.lock
	@echo "installing what tests and lint need into .venv"
	@if test -x $(BIN)/pip; then $(PIP) --require-hashes -r requirements-dev.lock; \
	  else $(UV) --require-hashes -r requirements-dev.lock; fi
	@touch $@
