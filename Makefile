# Everything a developer does here. Each target first sets up what it needs; only git, make and Python must be there.
.DEFAULT_GOAL := help
.PHONY: help setup check catalogue test test-unit test-all demo serve screenshots faults lock clean azure-cli-test conformance evaluate bench bench-peers package lint-infra

PY := .venv/bin/python
READY := .venv/.ready
# A test run starts a hundred processes: without bytecode on disk each compiles all that it imports.
unexport PYTHONDONTWRITEBYTECODE
# What pytest gets on top, e.g. make test ARGS="-k planner"
ARGS ?=

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|' 2>/dev/null \
		|| grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST)

setup: $(READY) ## install what development needs, into this folder only (implied by all others)

$(READY): requirements.txt constraints.txt requirements-dev.txt package-lock.json devhost/setup.py simulator/room/bundle.js
	@python=$$(PYTHON="$(PYTHON)" sh devhost/find_python.sh) && "$$python" devhost/setup.py

check: $(READY) ## format, lint, spelling, types, which part may import which, and dead code
	@.venv/bin/ruff format --check --quiet .
	@.venv/bin/ruff check --quiet .
	@.venv/bin/codespell
	@$(PY) -m mypy
	@.venv/bin/lint-imports --no-logo
	@.venv/bin/vulture

catalogue: $(READY) ## collect the sentences of the code, update their translations and compile them
	@$(PY) -m devhost.catalogue

# Branch coverage of the pure decisions and of signing must not sink below this.
COVERAGE ?= 97

UNIT_TESTS := $(wildcard tests/auth tests/chat tests/core tests/flows tests/model tests/store tests/web tests/test_*.py)

test-unit: $(READY) ## the tests that open no socket (half a minute), and how much of core and auth they cover
	@$(PY) -m pytest -n 2 -m unit --cov=shared/core --cov=shared/auth --cov-branch --cov-fail-under=$(COVERAGE) \
		--cov-report=term-missing:skip-covered $(UNIT_TESTS) $(ARGS)

test: check ## all checks, then all tests
	@$(PY) -m pytest -n 3 --dist loadfile --no-loadscope-reorder --durations=25 $(ARGS)

test-all: check ## the same with twenty times as many examples, every version of Python, and a sample of the faults
	@SNATBOT_TESTS=all $(PY) -m pytest -n 3 --dist loadfile --no-loadscope-reorder --durations=25 $(ARGS)
	@$(PY) -m tests.faults --every 37

demo: $(READY) ## play the whole story against a simulated Azure, then stop everything
	@$(PY) -m devhost.demo

serve: $(READY) ## the morning after an incident, left running to be looked at in a browser
	@$(PY) -m devhost.serve

screenshots: $(READY) ## pictures of each page and message in .cache/screenshots (ARGS=--docs: renew those of the README too)
	@$(PY) -m devhost.screenshots $(ARGS)

# A folder of scenario files to evaluate instead of the simulator's own
SCENARIOS ?= simulator/scenarios

evaluate: $(READY) ## how good detection is: every scenario's truth against what is found (SCENARIOS=folder)
	@$(PY) -m bench.evaluate "$(SCENARIOS)"

bench: $(READY) ## how cheap looking is: requests, time and memory at 10 to 10,000 load balancers
	@$(PY) -m bench.performance

bench-peers: $(READY) ## the same fleet by az in a loop, by Cloud Custodian and by snatbot (installs them into .cache, 730 MB)
	@$(PY) -m bench.peers

lock: $(READY) ## regenerate constraints.txt from requirements.txt
	@grep -v '^-c' requirements.txt | .venv/bin/uv pip compile --universal --python-version 3.11 \
		--quiet --no-header --no-annotate --output-file constraints.txt -

faults: $(READY) ## break every call of an apply, a roll-back and the chat, and see it converge (ARGS="--every 10" for a part)
	@$(PY) -m tests.faults $(ARGS)

# Only what building needs, so that installing takes none of the development tools.
PACKAGER := .cache/packager/bin/python

$(PACKAGER): devhost/setup.py
	@python=$$(PYTHON="$(PYTHON)" sh devhost/find_python.sh) && "$$python" -m venv .cache/packager
	@$(PACKAGER) -m pip install --quiet --disable-pip-version-check $$(sed -n 's/^UV = "\(.*\)"/\1/p' devhost/setup.py)

package: $(PACKAGER) ## the deployed package with its dependencies, for Linux, into dist (azd up runs this)
	@$(PACKAGER) -m devhost.package

CHECKOV := .cache/checkov/bin/checkov

lint-infra: $(READY) ## a second parser and checkov on infra (installs both into .cache, 200 MB)
	@test -x $(CHECKOV) || { .venv/bin/uv venv --quiet --python $(PY) .cache/checkov \
		&& .venv/bin/uv pip install --quiet --python .cache/checkov/bin/python checkov==3.3.30 \
		tree-sitter==0.25.2 tree-sitter-bicep==1.1.0; }
	@$(PY) -m devhost.lint_infra

AZURE_CLI := .cache/azure-cli/bin/az

azure-cli-test: $(READY) ## the unmodified Azure CLI against the simulator and the manuals (installs it into .cache, 370 MB)
	@test -x $(AZURE_CLI) || { .venv/bin/uv venv --quiet --python $(PY) .cache/azure-cli \
		&& .venv/bin/uv pip install --quiet --python .cache/azure-cli/bin/python azure-cli==2.91.0; } || true
	@AZURE_CLI=$(AZURE_CLI) $(PY) -m pytest tests/simulator/test_azure_cli.py tests/packaging/test_documented_commands.py $(ARGS)

conformance: $(READY) ## hold the simulator against recorded traffic of the real services (SNATBOT_RECORDINGS=FOLDER)
	@$(PY) -m simulator.conformance

clean: ## remove all that was installed or generated
	@rm -rf .venv node_modules .cache .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
