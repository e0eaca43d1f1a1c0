# Everything happens in .venv; nothing else on the machine is touched.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PYTEST_ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help install demo serve test lint types bench man screenshots replay clean

help: ## Show what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 13

install: $(VENV)/.installed ## Install newsbot into .venv

$(VENV)/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "newsbot needs Python 3.11 or newer; choose one with: make PYTHON=python3.12" >&2; exit 2; }
	@echo "Installing newsbot into $(VENV) …"
	@$(PYTHON) -m venv $(VENV) || { echo "python3 -m venv failed: install your system's python3-venv package" >&2; exit 2; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml $(VENV)/.installed
	@echo "Installing what the tests need into $(VENV) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --editable '.[dev]'
	@touch $@

demo: $(VENV)/.installed ## Crawl the bundled example newspaper into ./data and show what was kept
	@$(BIN)/newsbot demo

serve: $(VENV)/.installed-serve ## Open the archive in ./data, or DATA=folder, in a browser
	@$(BIN)/newsbot serve $(if $(DATA),--data '$(DATA)')

$(VENV)/.installed-serve: pyproject.toml $(VENV)/.installed
	@echo "Installing what the reading room needs into $(VENV) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[serve]'
	@touch $@

test: $(VENV)/.installed-dev ## Run the tests (rig tests skip where the rigs are not running)
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: $(VENV)/.installed-dev ## Check style, formatting, and who imports whom
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-cache

types: $(VENV)/.installed-dev ## Check types
	@$(BIN)/mypy

bench: $(VENV)/.installed-dev ## Measure beside peers (needs the benchmark data, and nginx for the crawl)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check 'pip>=24' # 23 fails at two spellings of one extra
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	@$(BIN)/python bench/extraction.py
	@$(BIN)/python bench/families.py
	@$(BIN)/python bench/crawl.py

man: $(VENV)/.installed-dev ## Write man pages into man/
	@mkdir -p man
	@$(BIN)/python -c 'from click_man.core import write_man_pages as write; from newsbot import __version__; from newsbot.cli import newsbot; write("newsbot", newsbot, version=__version__, target_dir="man")'

screenshots: $(VENV)/.installed-dev ## Take the pictures of docs/pictures anew, with Chromium
	@SCREENSHOTS=1 $(BIN)/python -m pytest tests/web/test_ways.py $(PYTEST_ARGS)

replay: ## Install pywb and wacz apart, for the tests that replay captures in a browser
	@test -x .venv-replay/bin/wayback || { $(PYTHON) -m venv .venv-replay && .venv-replay/bin/python -m pip install --quiet --disable-pip-version-check --no-compile 'pywb>=2.10,<3' 'wacz>=0.6,<1'; }

clean: ## Remove .venv and caches (never ./data)
	rm -rf $(VENV) .venv-replay .pytest_cache .mypy_cache .ruff_cache .hypothesis
