# Every target does its own set-up; after the first one nothing is downloaded again.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/installed

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint types format bench real security landlock kill faults github-spec pictures clean

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(INSTALLED) ## Make the virtual environment

$(INSTALLED): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "Setting up .venv, once; this downloads about 250 MB ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: $(INSTALLED) ## Review a small made-up repository, offline
	@$(BIN)/python -m demo

test: $(INSTALLED) ## Run the tests (minutes)
	$(BIN)/pytest -m "not real" --count-threats compare

lint: $(INSTALLED) ## Check style and the rules of the house
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(INSTALLED) ## Check types
	$(BIN)/mypy

format: $(INSTALLED) ## Rewrite the code in the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(INSTALLED) ## Measure the performance bars and write benchmarks/results.md
	$(BIN)/python -m benchmarks

real: $(INSTALLED) ## Sweep real projects' releases (downloads them once)
	$(BIN)/python -m tests.real.releases
	$(BIN)/pytest -m real tests/real

security: $(INSTALLED) ## Play the attacker and write the count into docs/security.md
	$(BIN)/pytest -m "threat and not real" --count-threats write

landlock: $(INSTALLED) ## Test the jails where bubblewrap does not work
	PATH="$(CURDIR)/tests/jail/forbidden:$$PATH" $(BIN)/pytest -rfE tests/jail tests/engines tests/hostile

kill: $(INSTALLED) ## Kill sweeps at random moments, ROUNDS=80 times
	KILL_ROUNDS=$(or $(ROUNDS),80) $(BIN)/pytest tests/sweep/test_processes.py

faults: $(INSTALLED) ## Try every fault at every call to GitHub
	FULL_FAULT_MATRIX=1 $(BIN)/pytest tests/hosts/test_github_stories.py

github-spec: $(INSTALLED) ## Fetch GitHub's API descriptions, which some tests check against
	$(BIN)/python -m tests.fakes.github.fetch_spec $(or $(GITHUB_SPEC_DIR),../shared/github-spec)

pictures: $(INSTALLED) ## Make the pictures of the documentation
	$(BIN)/python -m demo.pictures

clean: ## Remove what the targets made
	rm -rf .venv .cache build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
