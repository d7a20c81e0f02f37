# make run    set-up and a running hub          make check  everything that reads the code
# make test   set-up and every test             make bench  the hub beside its peers
# make demo   set-up and the whole story: three devices, a hub that is killed, and what WeChat receives
# Options go to the command in ARGS: make run ARGS="--port 9000", make test ARGS="-k ledger".

PYTHON ?= python3
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.tongbu-installed
NODE_TESTS := tests/e2e/node
NODE_INSTALLED := $(NODE_TESTS)/node_modules/.tongbu-installed
DEV_INSTALLED := $(VENV)/.tongbu-dev-installed
CLIENTS := clients
CLIENTS_INSTALLED := $(CLIENTS)/node_modules/.tongbu-installed
NPM := $(shell command -v npm)
# setuptools warns of every editable installation; nothing is wrong.
EDITABLE := PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --editable

.PHONY: run demo test check web bench bench-micro bench-guard bench-report setup setup-dev setup-test \
  setup-clients setup-conformance format wheel
.DEFAULT_GOAL := run

run: setup
	@$(BIN)/hub serve --dev --sandbox $(ARGS)

demo: setup
	@$(BIN)/hub demo $(ARGS)

# Whole: in several processes, with the tests in TypeScript meanwhile. With ARGS: pytest alone, as told.
test: setup-dev setup-test $(if $(ARGS),,setup-clients)
	@$(if $(ARGS),$(BIN)/pytest $(ARGS),$(BIN)/python .ci/tests.py $(NPM))

check: setup-dev setup-clients
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(if $(NPM),cd $(CLIENTS) && npm run --silent check)
	@$(BIN)/python .ci/static.py

# Builds the web inbox into hub/static, where the hub and the wheel have it from.
web: setup-clients
	@cd $(CLIENTS) && npm run --silent --workspace web build

bench: setup
	@$(BIN)/python -m bench $(if $(QUICK),--quick) $(ARGS)

bench-report: setup-dev
	@$(BIN)/python -m bench.report_files $(ARGS)

bench-micro: setup-dev
	@$(BIN)/pytest bench/micro --quiet --benchmark-group-by=group --benchmark-sort=fullname \
	  --benchmark-columns=min,median,stddev $(ARGS)

# Instructions of single functions against committed bounds; ARGS=--record writes them.
bench-guard: setup-dev
	@$(BIN)/python -m bench.micro.guard $(ARGS)

format: setup-dev setup-clients
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(if $(NPM),cd $(CLIENTS) && npm run --silent format)

wheel: setup-dev
	@$(BIN)/python .ci/wheel.py

setup: $(INSTALLED)

$(INSTALLED): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Tongbu needs Python 3.11 or newer as $(PYTHON)." \
	    "Install it, or name one: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11" >&2; exit 1; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv --clear $(VENV) || { \
	  echo "$(PYTHON) can't make virtual environments; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@echo "Installing Tongbu and what it stands on into $(VENV): about 40 packages, a minute at most, once …" >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(EDITABLE) '.[server]'
	@touch $@

setup-dev: $(DEV_INSTALLED)

$(DEV_INSTALLED): $(INSTALLED)
	@echo "Installing what tests and checks need …" >&2
	@$(BIN)/python -m pip install --quiet --group dev
	@touch $@

# Autobahn's WebSocket cases join make test; they need a Python 2.7.
setup-conformance: setup
	@$(BIN)/python .ci/autobahn.py

ifeq ($(NPM),)
setup-test setup-clients:
	@echo "npm is not installed: what needs Node ($@) is skipped." >&2
else
setup-test: $(NODE_INSTALLED)
setup-clients: $(CLIENTS_INSTALLED)
endif

$(NODE_INSTALLED): $(NODE_TESTS)/package.json $(NODE_TESTS)/package-lock.json
	@echo "Installing the Node packages of the tests …" >&2
	@cd $(NODE_TESTS) && npm ci --no-audit --no-fund --loglevel=error >&2
	@touch $@

$(CLIENTS_INSTALLED): $(wildcard $(CLIENTS)/package.json $(CLIENTS)/*/package.json $(CLIENTS)/package-lock.json)
	@echo "Installing the Node packages of the clients …" >&2
	@cd $(CLIENTS) && npm ci --no-audit --no-fund --loglevel=error >&2
	@touch $@
