# fineline: `make run` sets everything up and serves; `make test` proves it.
PYTHON ?= python3
BIN := .venv/bin
# A file's tests stay together in one process, since they share what they made.
SIDE_BY_SIDE := --numprocesses=logical --maxprocesses=4 --dist=loadfile
STAMP := .venv/installed

help:  ## list the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## */\t/' | expand -t 14

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9'
	$(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

setup: $(STAMP)  ## the environment in .venv, from the lock file

run: $(STAMP)  ## a simulated agency, training, registration, then the API on http://127.0.0.1:8000
	@$(BIN)/fineline demo

test: $(STAMP)  ## the tests, side by side on the processors there are
	$(BIN)/python -m pytest $(SIDE_BY_SIDE)

test-all: $(STAMP)  ## the tests and the longer checks
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) --run-slow

fuzz: $(STAMP)  ## hostile inputs at length: schemathesis, and 10,000 mutated events and requests
	$(BIN)/python -m pytest -m fuzz

soak: $(STAMP)  ## failures again and again: kills under load on both databases, a hundred swaps of the model
	$(BIN)/python -m pytest -m soak

test-browser: $(STAMP)  ## the page in a real Chromium, which this installs where there is none
	@command -v chromium chromium-browser google-chrome >/dev/null \
	  || $(BIN)/python -m playwright install --with-deps chromium \
	  || { apt-get update && apt-get install --yes chromium; }
	$(BIN)/python -m pytest tests/browser

screenshots: $(STAMP)  ## pictures of every page from the sample agency, into docs/screenshots
	$(BIN)/python -m tests.browser.screenshots

check: $(STAMP)  ## format, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP)  ## put the code in form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(STAMP)  ## feature and training speed, as ratios against DuckDB, Polars and pandas in the same run
	$(BIN)/python -m tests.bench.features

bench-serve: $(STAMP)  ## the service under load, beside mlflow models serve and a bare FastAPI route
	$(BIN)/python -m tests.bench.serve

bench-page: $(STAMP)  ## the work list with 10,000 open threads, on the server and in a browser
	$(BIN)/python -m tests.bench.page

yardstick: $(STAMP)  ## train and judge on the real histories; writes docs/results.md
	$(BIN)/fineline yardstick

playout: $(STAMP)  ## let policies act in every simulated world; writes docs/decision-quality.md (an hour)
	$(BIN)/fineline playout --contacts 24000 --histories 3 --report docs/decision-quality.md

offpolicy: $(STAMP)  ## check in every world that off-policy intervals cover; writes docs/offpolicy-coverage.md
	$(BIN)/python -m training.offpolicy.coverage

lock:  ## resolve the newest versions the ranges allow into requirements.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url \
	  --python-version 3.11 --upgrade --all-extras pyproject.toml -o requirements.lock

clean:  ## remove the environment and what was trained here
	rm -rf .venv .fineline

.PHONY: help setup run test test-all fuzz soak test-browser screenshots check format bench bench-serve bench-page yardstick playout offpolicy lock clean
.DEFAULT_GOAL := help
