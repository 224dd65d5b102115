# Everything that a clone needs. `make` lists the targets; each one installs what it requires.
# Paths are relative, because the name of the clone's directory may contain spaces.

PYTHON ?= python3
UV_VERSION := 0.13.8
BIN := .venv/bin
RUN := PATH="$$PWD/$(BIN):$$PWD/node_modules/.bin:$$PATH"

.DEFAULT_GOAL := help
.PHONY: help setup demo test e2e sdk check lint format golden docs pictures bench lock clean

help: ## list the targets
	@grep -hE '^[a-z0-9]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

setup: .venv/.installed node_modules/.installed ## install pinned dependencies and the pinned CDK CLI

.venv/.installed: requirements.lock pyproject.toml
	@command -v "$(PYTHON)" >/dev/null || { echo "hptc: $(PYTHON) not found; install Python 3.11 or newer, or run make PYTHON=/path/to/python"; exit 2; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "hptc: requires Python 3.11 or newer, but $(PYTHON) is $$("$(PYTHON)" --version); run make PYTHON=/path/to/python"; exit 2; }
	@echo "==> installing pinned Python packages into .venv (takes about a minute)"
	@test -x $(BIN)/python || "$(PYTHON)" -m venv .venv
	@$(BIN)/python -m pip --disable-pip-version-check install --quiet "uv==$(UV_VERSION)"
	@$(BIN)/python -m uv --quiet pip install --python $(BIN)/python --require-hashes --compile-bytecode -r requirements.lock
	@$(BIN)/python -m uv --quiet pip install --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

node_modules/.installed: package-lock.json
	@command -v npm >/dev/null || { echo "hptc: npm not found; install Node 22 or newer"; exit 2; }
	@echo "==> installing the pinned CDK CLI"
	@npm ci --silent --no-audit --no-fund
	@touch $@

demo: setup ## run hptc end to end on the local AWS endpoint
	@$(RUN) sh demo.sh

test: setup ## run the tests that start no real client: minutes on two cores
	@$(RUN) python -m pytest -m "not slow"

e2e: setup ## run the tests with real clients: cdk, aws, pip, a browser, an editor
	@$(RUN) python -m pytest -m slow

sdk: setup .venv-sdk2/.installed .venv-sdk3/.installed ## run the tests with both versions of the SageMaker SDK
	@$(RUN) python -m pytest tests/sdk

.venv-sdk%/.installed: requirements-sdk%.lock | .venv/.installed
	@echo "==> installing version $* of the SageMaker SDK into .venv-sdk$*"
	@$(BIN)/python -m uv --quiet venv --allow-existing --python $(BIN)/python .venv-sdk$*
	@$(BIN)/python -m uv --quiet pip install --python .venv-sdk$*/bin/python --require-hashes -r requirements-sdk$*.lock
	@touch $@

check: setup lint test e2e ## run what CI runs: lint, format, types, import contracts, tests

lint: setup
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(RUN) mypy
	@$(RUN) lint-imports

format: setup ## format the code and apply automatic lint fixes
	@$(RUN) ruff check --fix .
	@$(RUN) ruff format .

golden: setup ## rewrite golden files and generated docs; review the diff before you commit
	@$(RUN) python -m pytest -n 0 --update-golden tests

docs: setup ## build the docs site into site/; broken links and anchors fail
	@NO_MKDOCS_2_WARNING=1 $(RUN) python -m mkdocs build --strict --quiet
	@echo "open site/index.html"

pictures: setup ## redraw the pictures of the docs from real output; needs Chromium
	@$(RUN) python -m docs_site

bench: setup ## speed and growth, as ratios measured in one run
	@$(RUN) python -m benchmarks

lock: ## update the pinned dependencies
	@$(BIN)/python -m uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --extra dev --upgrade pyproject.toml --output-file requirements.lock
	@for version in 2 3; do echo "sagemaker>=$$version,<$$((version + 1))" | $(BIN)/python -m uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --upgrade - --output-file requirements-sdk$$version.lock; done
	@npm install --package-lock-only

clean: ## delete everything that the targets create
	rm -rf .venv .venv-sdk2 .venv-sdk3 node_modules cdk.out build dist site .hypothesis .mypy_cache .pytest_cache .ruff_cache
