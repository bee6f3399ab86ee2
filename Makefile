# Every target does its own set-up; after the first one nothing is downloaded again.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/installed
RELIABILITY := tests/posting tests/matrix tests/torture tests/ledger/test_model.py \
  tests/ledger/test_upgrade.py tests/sweep/test_processes.py tests/hosts/test_github_stories.py
AXE := .cache/axe/node_modules/axe-core/axe.min.js

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint types format bench coverage mutation real replay security landlock kill torture soak reliability faults matrix github-spec conversation goldens browser pictures clean

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(INSTALLED) ## Make the virtual environment

$(INSTALLED): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "Setting up .venv, once; this downloads about 320 MB ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: $(INSTALLED) ## Review a small made-up repository, offline
	@$(BIN)/python -m demo

test: $(INSTALLED) ## Run the tests (minutes)
	$(BIN)/pytest -m "not real and not browser" --count-threats compare -n $(or $(PROCESSES),2) --dist loadfile

lint: $(INSTALLED) ## Check style and the rules of the house
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(INSTALLED) ## Check types
	$(BIN)/mypy

format: $(INSTALLED) ## Rewrite the code in the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

coverage: $(INSTALLED) ## Fail where the ledger, posting, recovery and sanitising lack tests
	@mkdir -p .cache
	$(BIN)/coverage run -m pytest -q tests/ledger tests/digest/test_parts.py tests/digest/test_as_of.py tests/digest/test_delivering.py tests/digest/test_labelling.py tests/core/test_sanitise.py tests/sweep/test_one_posting.py tests/sweep/test_recovery.py
	$(BIN)/coverage report

mutation: $(INSTALLED) ## Change the ledger and posting bit by bit; write what no test saw (minutes)
	@mkdir -p .cache
	TMPDIR="$(shell test -w /dev/shm && echo /dev/shm || echo $${TMPDIR:-/tmp})" \
	  $(BIN)/mutmut run --max-children $(or $(CHILDREN),1)
	$(BIN)/python -m tests.mutation

bench: $(INSTALLED) ## Measure the performance bars and write benchmarks/results.md
	$(BIN)/python -m tests.real.releases
	$(BIN)/python -m benchmarks

real: $(INSTALLED) ## Sweep real projects' releases (downloads them once)
	$(BIN)/python -m tests.real.releases
	$(BIN)/pytest -m real tests/real

replay: $(INSTALLED) ## Replay real changes as pull requests with later rounds (downloads them once)
	$(BIN)/python -m tests.real.releases
	$(BIN)/pytest -m real tests/replay

security: $(INSTALLED) ## Play the attacker and write the count into docs/security.md
	$(BIN)/pytest -m "threat and not real" --count-threats write -n $(or $(PROCESSES),2) --dist loadfile

landlock: $(INSTALLED) ## Test the jails where bubblewrap does not work
	PATH="$(CURDIR)/tests/jail/forbidden:$$PATH" $(BIN)/pytest -rfE tests/jail tests/engines tests/hostile

kill: $(INSTALLED) ## Kill sweeps at random moments, ROUNDS=80 times
	KILL_ROUNDS=$(or $(ROUNDS),80) $(BIN)/pytest tests/sweep/test_processes.py

torture: $(INSTALLED) ## Kill two sweeps at once at random moments, ROUNDS=300 times, from SEED on
	ROUNDS=$(or $(ROUNDS),300) SEED=$(or $(SEED),$(shell date +%s)) $(BIN)/pytest -v tests/torture/test_rounds.py

soak: $(INSTALLED) ## Review HEADS=10000 heads while a twentieth of all calls fails
	HEADS=$(or $(HEADS),10000) $(BIN)/pytest tests/torture/test_soak.py

reliability: $(INSTALLED) ## Try all of it in full (an hour) and write the figures of docs/reliability.md
	ROUNDS=300 SEED=$(or $(SEED),$(shell date +%s)) HEADS=10000 KILL_ROUNDS=80 MATRIX_EVERY=1 FULL_FAULT_MATRIX=1 \
	  $(BIN)/pytest --figures write -n $(or $(PROCESSES),2) --dist loadfile $(RELIABILITY)

faults: $(INSTALLED) ## Try every fault at every call to GitHub
	FULL_FAULT_MATRIX=1 $(BIN)/pytest tests/hosts/test_github_stories.py

matrix: $(INSTALLED) ## Kill a sweep at every EVERY=1st point, break every write and request
	MATRIX_EVERY=$(or $(EVERY),1) $(BIN)/pytest tests/matrix

github-spec: $(INSTALLED) ## Fetch GitHub's API descriptions, which some tests check against
	$(BIN)/python -m tests.fakes.github.fetch_spec $(or $(GITHUB_SPEC_DIR),../shared/github-spec)

conversation: $(INSTALLED) ## Play a pull request of three rounds into docs/rounds.md
	$(BIN)/python -m tests.conversation

goldens: $(INSTALLED) ## Write each format of the digest anew, to be looked at
	$(BIN)/python -m tests.render.test_digest_goldens

browser: $(INSTALLED) $(AXE) ## Open the digest's page in Chromium: axe-core, widths, colours, paper
	$(BIN)/pytest -m browser tests/browser

# Only its one file is read; no script of the package runs.
$(AXE): tests/browser/package.json tests/browser/package-lock.json
	@mkdir -p .cache/axe
	@cp $^ .cache/axe/
	npm ci --prefix .cache/axe --ignore-scripts --no-audit --no-fund
	@touch $@

pictures: $(INSTALLED) ## Make the pictures of the documentation
	$(BIN)/python -m demo.pictures
	$(BIN)/python -m tests.browser.pictures

clean: ## Remove what the targets made
	rm -rf .venv .cache build dist mutants .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
