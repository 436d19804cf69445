# The commands of Slipway; README.md names each in plain words.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
PORT ?= 8501
PROXY ?=
SLIPWAY_STORAGE ?= $(CURDIR)/storage
WORKERS ?= $(shell nproc 2>/dev/null || echo 2)
BIN := .venv/bin
export SLIPWAY_STORAGE

.PHONY: run backup restore test check docs messages screenshots bench lock format clean

# Nobody's word for where a caller is counts, unless PROXY names the reverse proxy in front.
run: export FORWARDED_ALLOW_IPS = $(PROXY)
run: .venv/.installed
	@exec $(BIN)/streamlit run Home.py --server.port $(PORT) --server.headless true

# FILE names the archive; RESULTS=1 adds the results of tasks; URL is where a running server listens.
backup: FILE ?= slipway-backup.zip
backup: URL ?= http://127.0.0.1:$(PORT)
backup: .venv/.installed
	@$(BIN)/python -m core.commands.backup $(if $(RESULTS),--results) --url "$(URL)" "$(FILE)"

# Brings FILE back into the storage folder, which must be empty.
restore: FILE ?= slipway-backup.zip
restore: .venv/.installed
	@$(BIN)/python -m core.commands.restore "$(FILE)"

test: .venv/.installed-dev
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(ARGS)

check: .venv/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports

# Brings the catalogues of translations up to date with the texts of the code.
messages: .venv/.installed-dev
	$(BIN)/python -m pages.locale.collection

# Writes docs/formats.md anew from what the model files by others do.
docs: .venv/.installed-dev
	$(BIN)/python -m tests.core.runtimes.formats_page

# Takes pictures of every page in every state into build/screenshots; ARGS names some of them.
screenshots: .venv/.installed-dev
	$(BIN)/python -m tests.gallery $(ARGS)

bench: .venv/.installed-dev
	$(BIN)/python -m benchmarks $(ARGS)

format: .venv/.installed-dev
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

# Compiles the two lists of what is wanted into the two locks of exact versions.
lock: .venv/.installed-dev
	$(BIN)/uv pip compile -q --no-emit-index-url --no-annotate --no-header --python-version 3.11 $(ARGS) requirements.in -o requirements.txt
	$(BIN)/uv pip compile -q --no-emit-index-url --no-annotate --no-header --python-version 3.11 $(ARGS) requirements-dev.in -o requirements-dev.txt

clean:
	rm -rf .venv build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/.installed: requirements.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/.installed-dev: requirements-dev.txt .venv/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@
