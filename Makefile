# The commands of this project; `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SUM := $(shell cat pyproject.toml constraints.txt | cksum | cut -d' ' -f1)
RUN := $(VENV)/installed-run$(if $(DATABASE),-postgres)-$(SUM)
DEV := $(VENV)/installed-dev-$(SUM)

.DEFAULT_GOAL := help
.PHONY: help setup demo test docs reference pictures bench soak mutants lint format constraints clean

help: ## list these commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1|\2/' | column -t -s'|'

setup: $(DEV) ## install everything into .venv (other commands install what they need)

# What running needs, and no more; tests, lint and the pages of documentation need the rest.
$(RUN): pyproject.toml constraints.txt
	@$(PYTHON) .ci/install $(VENV) '$(if $(DATABASE),[postgres])'
	@touch $@

$(DEV): pyproject.toml constraints.txt
	@$(PYTHON) .ci/install $(VENV) '[dev,docs]'
	@rm -f $(VENV)/installed-* && touch $@ $(VENV)/installed-run-$(SUM) $(VENV)/installed-run-postgres-$(SUM)

demo: $(RUN) ## run the main job on a sandbox, with the Prefect UI; ONCE=1 ends when done, DATABASE=postgresql://… keeps the state there
	@$(BIN)/a2m demo $(if $(ONCE),--once) $(if $(DATABASE),--database '$(DATABASE)') $(ARGS)

test: $(DEV) ## run the tests, four at a time; ARGS="tests/entities -k price" runs some
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest $(or $(ARGS),-n 4 --dist loadfile --no-loadscope-reorder)

docs: $(DEV) ## build the documentation in site/; fails on broken links
	@$(BIN)/properdocs build --strict --quiet
	@echo "The site is in site/: open site/index.html"

reference: $(DEV) ## generate the reference pages from the code
	@$(BIN)/python -m a2m.reference
	@$(BIN)/python -m settings.reference > docs/reference/settings.md
	@$(BIN)/python -m connector.model.failure_help > docs/reference/failures.md

pictures: $(DEV) ## take the pictures of the documentation, with Debian's chromium
	@A2M_PICTURES=1 $(BIN)/python -m pytest -q tests/docs/test_tutorial.py::test_the_tutorial tests/web/test_in_a_browser.py tests/browser

bench: $(DEV) ## measure the connector against other tools; ARGS=--quick takes some minutes
	@$(BIN)/python -c 'import dlt, duckdb, polars, psutil, pyinstrument' 2>/dev/null || $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,docs,bench]'
	@PYTHONPATH=tests:. $(BIN)/python -m bench $(ARGS)

soak: $(DEV) ## random changes, faults and kill -9 for 20 minutes; ARGS="--minutes 2 --skus 500" is quicker
	@PYTHONPATH=tests:. $(BIN)/python -m soak $(ARGS)

mutants: $(DEV) ## break the code one line at a time and list what no test notices; ARGS="price" breaks some
	@PYTHONPATH=tests:. $(BIN)/python -m mutants $(ARGS)

lint: $(DEV) ## check style, types, import rules, and known vulnerabilities of dependencies
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python .ci/audit $(AUDIT)

format: $(DEV) ## format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

constraints: $(DEV) ## update the pins of all direct and indirect dependencies
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv pip compile --universal --python-version 3.11 --no-emit-index-url --no-header --all-extras --upgrade pyproject.toml -o constraints.txt --quiet

clean: ## remove .venv and everything that was built
	@rm -rf $(VENV) build dist site *.egg-info .pytest_cache .mypy_cache .ruff_cache
