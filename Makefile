# The commands of this project; `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/installed-$(shell cat pyproject.toml constraints.txt | cksum | cut -d' ' -f1)

.DEFAULT_GOAL := help
.PHONY: help setup demo test bench soak mutants lint format constraints clean

help: ## list these commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1|\2/' | column -t -s'|'

setup: $(STAMP) ## install everything into .venv (the other commands do it by themselves)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; $(PYTHON) is older. Try: make PYTHON=python3.12 …"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "This Python has no ensurepip: install the package python3-venv and try again."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@rm -f $(VENV)/installed-* && touch $@

demo: $(STAMP) ## run the main job on a sandbox, with the Prefect UI; ONCE=1 ends when done, DATABASE=postgresql://… keeps the state there
	@$(BIN)/a2m demo $(if $(ONCE),--once) $(if $(DATABASE),--database '$(DATABASE)') $(ARGS)

test: $(STAMP) ## run the tests, two at a time; ARGS="tests/entities -k price" picks some
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest $(or $(ARGS),-n 2 --dist loadfile --no-loadscope-reorder)

bench: $(STAMP) ## measure the connector beside its opponents; ARGS=--quick takes some minutes
	@$(BIN)/python -c 'import dlt, duckdb, polars, psutil, pyinstrument' 2>/dev/null || $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,bench]'
	@PYTHONPATH=tests:. $(BIN)/python -m bench $(ARGS)

soak: $(STAMP) ## random changes, faults and kill -9 for 20 minutes; ARGS="--minutes 2 --skus 500" is quicker
	@PYTHONPATH=tests:. $(BIN)/python -m soak $(ARGS)

mutants: $(STAMP) ## break the code one line at a time and list what no test notices; ARGS="price" breaks some
	@PYTHONPATH=tests:. $(BIN)/python -m mutants $(ARGS)

lint: $(STAMP) ## check style, types, who imports whom, and the dependencies' known vulnerabilities
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python .ci/audit $(AUDIT)

format: $(STAMP) ## bring the code into its style
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

constraints: $(STAMP) ## pin every direct and indirect dependency again, without addresses
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv pip compile --universal --python-version 3.11 --no-emit-index-url --no-header --all-extras --upgrade pyproject.toml -o constraints.txt --quiet

clean: ## remove .venv and what was built
	@rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache
